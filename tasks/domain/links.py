"""Hosts that say little: shorteners, whose links name one share of a page and not the page, and platforms where anybody publishes.

Two accounts that post the same `t.co` code posted the same share (a repost keeps the code), so on a repost such a link counts as
co-repost; and the host says nothing about where the page lies.
"""

_HOSTS = """
    t.co bit.ly bitly.com j.mp tinyurl.com goo.gl ow.ly is.gd v.gd buff.ly dlvr.it ift.tt fb.me trib.al lnkd.in
    rb.gy cutt.ly shorturl.at t.ly tiny.cc tr.im su.pr cli.gs ln.is po.st adf.ly bc.vc soo.gd s.id rebrand.ly bl.ink snip.ly
    smarturl.it mcaf.ee qr.ae amzn.to nyti.ms wapo.st cnn.it reut.rs bbc.in fxn.ws yhoo.it huff.to econ.st on.wsj.com bloom.bg
    dld.bz shar.es clck.ru vk.cc goo.su u.to qps.ru t.cn url.cn dwz.cn suo.im m.tb.cn
"""
SHORTENERS = frozenset(_HOSTS.split())


def names_a_share(host: str) -> bool:
    """Whether links on `host` (lower case, without `www.`) are shortener links."""
    return host in SHORTENERS


_PLATFORM_HOSTS = """
    youtube.com m.youtube.com youtu.be youtube-nocookie.com twitter.com mobile.twitter.com m.twitter.com x.com pic.twitter.com
    facebook.com m.facebook.com mbasic.facebook.com l.facebook.com fb.com fb.watch instagram.com threads.net threads.com tiktok.com
    m.tiktok.com vm.tiktok.com vt.tiktok.com t.me telegram.me telegra.ph vk.com m.vk.com ok.ru m.ok.ru reddit.com old.reddit.com
    redd.it i.redd.it v.redd.it linkedin.com pinterest.com pin.it tumblr.com medium.com quora.com discord.gg discord.com wa.me
    chat.whatsapp.com bsky.app truthsocial.com gab.com weibo.com m.weibo.cn bilibili.com b23.tv douyin.com v.douyin.com zhihu.com
    rumble.com odysee.com bitchute.com vimeo.com dailymotion.com twitch.tv soundcloud.com open.spotify.com periscope.tv pscp.tv
    google.com news.google.com docs.google.com drive.google.com play.google.com apps.apple.com podcasts.apple.com amazon.com
    patreon.com change.org gofundme.com linktr.ee imgur.com i.imgur.com giphy.com wikipedia.org en.wikipedia.org
"""
PLATFORM_HOSTS = frozenset(_PLATFORM_HOSTS.split())  # in lower case, without `www.`: that two accounts link to one says nothing
