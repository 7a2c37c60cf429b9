"""Link shorteners: hosts whose links name one share of a page, not the page.

Two accounts that post the same `t.co` code posted the same share (a repost keeps the code), so such a link counts as co-repost unless
it was resolved (METHODS 2); and the host says nothing about where the page lies.
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
