"""Words too common to tell one narrative from another, by language; our own short lists, without apostrophes, lower case.

They keep labels readable; clustering itself weighs words by rarity and needs them only for speed.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ENGLISH = _words(
    """
    a about above after again against all almost already also although always am an and another any anyone anything are
    arent around as at away back be became because been before being below between both but by came can cannot cant come
    comes could couldnt did didnt do does doesnt doing done dont down during each either else enough ever every everyone
    everything few for from get gets getting give go goes going gone gonna got had has hasnt have havent having he hed her
    here hers herself hes him himself his how however i id if ill im in into is isnt it its itself ive just keep kept know
    last least less let lets like little lot made make makes making many may maybe me might mine more most much must my
    myself need never new next no nobody none nor not nothing now of off often oh ok on once one only or other others our
    ours out over own per perhaps please put quite rather really right said same saw say saying says see seen shall she shes
    should shouldnt since so some someone something soon still such take takes tell than that thats the their theirs them
    themselves then there theres these they theyre theyve thing things think this those though through thus till to today
    together told too took toward two under until up upon us use used using very via wait want wants was wasnt way we well
    went were werent what whats when where whether which while who whole whom whos whose why will with within without wont
    would wouldnt yes yet you youre your yours yourself youve
    """
)
RUSSIAN = _words(
    """
    а без более больше будет будто бы был была были было быть в вам вас вдруг ведь во вот впрочем все всегда всего всех всю
    вы где да даже два для до другой его ее ей ему если есть еще ещё её ж же за зачем здесь и из или им иногда их к как
    какая какой когда кто ли лучше между меня мне много может можно мой моя мы на над надо наконец нас не него нее ней
    нельзя нет ни нибудь никогда ним них ничего но ну о об один он она они опять от перед по под после потом потому почти
    при про раз разве с сам свою себе себя сейчас со совсем так такой там тебя тем теперь то тогда того тоже только том тот
    три тут ты у уж уже хорошо хоть чего чей чем через что чтоб чтобы чуть эти этого этой этом этот эту это я
    """
)
GERMAN = _words(
    """
    aber alle allem allen aller alles als also am an ander andere anderen auch auf aus bei bin bis bist da damit dann das
    dass dasselbe daß dein deine dem den denn der des dessen dich die dies diese diesem diesen dieser dieses dir doch dort
    du durch ein eine einem einen einer eines er es etwas euch euer für gegen gewesen hab habe haben hat hatte hatten hier
    hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in indem ins ist ja jede jedem jeden jeder jedes jetzt kann
    kein keine keinem keinen keiner können könnte mal man manche mehr mein meine meinem meinen meiner mich mir mit muss
    musste nach nein nicht nichts noch nun nur ob oder ohne sehr sein seine seinem seinen seiner selbst sich sie sind so
    solche soll sollte sondern sonst um und uns unser unsere unter viel vom von vor während war waren warst was weil welche
    wenn werde werden wie wieder will wir wird wirst wo wollen wollte würde würden zu zum zur zwar zwischen über
    """
)
CHINESE = _words(
    """
    一个 一些 一样 一直 一种 不是 不会 不能 不要 不过 与其 为了 为什 什么 么样 也是 了一 也不 人们
    他们 以及 以为 们的 你们 再次 几个 出来 到了 别人 却是 只是 只有 可以 可能 同时 后来 因为 因此
    在于 多少 大家 她们 如何 如果 它们 对于 就是 已经 已經 当然 很多 怎么 总是 我们 或者 所以 所有
    才能 把他 是一 是不 是在 有人 有的 来说 来自 某些 每个 没有 然后 然而 现在 由于 的一 的人 的是
    看到 知道 第一 等等 经过 自己 若是 虽然 被人 觉得 认为 许多 起来 这个 这么 这些 这是 这样 这里
    还有 还是 进行 那个 那么 那些 都是 都会 都在 非常 今天 昨天 明天 时候 一次 之后 之前 之间 其中
    其他 其实
    """
)
CHINESE_PARTICLES = frozenset("的了是在和与也都就而及着过地得之于被把吗呢吧啊呀么们")
ITALIAN = _words(
    """
    ai al alla alle agli anche ancora che chi ci come con cosa da dal dalla dalle dei del della delle degli di dopo dove due e ed era fa
    fra gli ha hanno ho il in io la le lei lo loro lui ma mi mio ne nel nella nelle noi non nuova nuovo o oggi ogni per perché più poi
    prima qui quando quella quello questa questo se sei senza si sia solo sono sta stato su sul sulla suo sua te ti tra tu tutti tutto
    un una uno vi voi è
    """
)
SPANISH = _words(
    """
    al algo ante antes aquí así aún aunque cada como con contra cual cuando de del desde donde dos el él ella ellos en entre era es esa ese
    eso esta está este esto fue ha hace han hasta hay hoy la las le les lo los más me mi mientras mismo muy nada ni no nos nosotros nuestro
    o otra otro para pero poco por porque pues que qué quien se sea según ser si sí sido sin sobre solo son su sus también tan tanto te
    tiene todo todos tu tus un una uno unos y ya yo
    """
)
FRENCH = _words(
    """
    ai alors au aussi autre aux avant avec avoir bien ce cela ces cet cette chez ci comme comment dans de depuis des deux dit donc du elle
    elles en encore entre est et été être eu faire fait ici il ils je la là le les leur leurs lui ma mais même mes moi moins mon ne nos
    notre nous on ont ou où par pas peu peut plus pour pourquoi quand que quel quelle qui quoi sa sans se ses si son sont sous sur ta te
    tes toi ton tous tout toute très tu un une vers vos votre vous y à ça
    """
)
ARABIC = _words(
    """
    من في على إلى الى عن
    مع هذا هذه ذلك تلك التي الذي الذين ما لا لم لن ان أن إن كان كانت يكون قد هو هي هم نحن انا أنا أنت كل بعض بعد قبل عند
    حتى ثم أو او و يا كما أي بين غير فقط إذا اذا لكن لأن هنا هناك منذ خلال ضد أكثر اليوم به بها له لها فيه فيها عليه عليها منه منها
    """
)
HEBREW = _words(
    """
    את של על עם אל לא כי גם אם או אבל רק זה זו זאת הוא היא הם הן אני אתה אנחנו יש אין היה היתה הייתה להיות כל כמו מה מי איך למה כאן שם עוד
    כבר אחרי לפני בין אצל לפי בלי כך לכן אז שלי שלו שלה שלנו שלהם אותו אותה אותם מאוד יותר היום
    """
)
NOT_CONTENT = _words(
    """
    rt mt amp gt lt url http https www htm html pic twitter youtu bit nbsp
    """
)

STOP_WORDS = ENGLISH | RUSSIAN | GERMAN | CHINESE | NOT_CONTENT

# In labels only: words of other languages collide with English ones ("son"), and without "breaking" the themes of week 36 of 2017 came
# apart.
CRIES = _words(
    """
    breaking lol omg wow whoa oops boom retweet watch look video photo news liked
    год года году лет день дня сегодня вчера завтра пока
    所谓 一切 事情 第二 今年 明年 去年 说起 有关 关于 不少 一点 一张 下一
    """
)
NO_NAMES = STOP_WORDS | ITALIAN | SPANISH | FRENCH | ARABIC | HEBREW | CRIES

# Verbs and what headlines put beside them: no label begins or ends with them, nor consists of them, if anything else is there.
DOING = _words(
    """
    admits agrees asks attacks backfires becomes begins blames blasts blew breaks brings calls caught claims closes confirms cries
    dares defends demands deserve deserves desperate destroys drops emerges ends enlist explodes exposes fails faces feels
    fights fires forces forget forgets forgot found gives happens hits holds hopes intros issues join joins keeps kills knows
    learns leaves listen lists loses lost makes meets moves named needs officially opens outselling pays plans praises proves puts
    reacts recognize recognizes refuses released rejects remove removes reveals revealed rips runs rushed saves sends sentenced
    shows shut shuts sign signs slam slams snub snubs spends speaks stands starts stop stops sums surfaces swaps takes tells tests
    thinks told tries turns unveils upgraded visits votes vows warns wears wins whines works
    writes finally miserably longer later near nearby whenever today tonight shocking stunning amazing pathetic viral bombshell old
    big great called second third first years time whatever thanks
    """
)
NAMES_LIKE_DOING = _words(
    """
    united wedding building beijing meeting shooting bombing housing hundred ceiling briefing evening morning hearing training
    funding banking trafficking looting spending killing stabbing boeing reading crossing warming gathering unwed mohamed muhammed
    ahmed
    """
)
