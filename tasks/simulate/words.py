"""The words of the simulation: fictional places and everyday matters, put together by `texts.py`.

Everything is plainly synthetic: Norvale and Lake Orlin do not exist, and the topic of the autumn is called "Topic October". Fragments
are joined in order, one of each slot; English ones with spaces, Chinese ones without.
"""

TOPICS = ("bridge", "festival", "council", "october")  # as in the codebook of the bundled campaign file

Slots = tuple[tuple[str, ...], ...]

_EN_OPENERS = (
    "Everyone in the valley keeps asking:",
    "A short note from the riverside:",
    "Seen again this morning,",
    "Nobody should be surprised that",
    "Friends told me over breakfast that",
    "Three questions remain open:",
    "The old clockmaker said it well:",
    "Write this down for later:",
    "From the second bench by the water:",
    "My neighbour counted it twice:",
    "After the long meeting we learned that",
    "A plain fact for a plain day:",
    "It has to be repeated:",
    "On the ferry people whispered that",
)
_EN_DETAILS = (
    "as every baker on Mill Street can confirm",
    "and the ferry captain nodded twice",
    "while the clock above the market struck nine",
    "so the painters had to start all over",
    "even though the minutes of the meeting say otherwise",
    "just like the old almanac described it",
    "with seven lamps and not a single ladder",
    "before the second tram left the depot",
    "and the choir had to rehearse outdoors",
    "as the yellow notebook in the library shows",
    "though the gulls did not seem to mind",
    "and the tea went cold during the vote",
    "which filled four pages of the harbour log",
    "while the orchestra was tuning its cellos",
)
_EN_CLOSERS = (
    "Think about it over a cup of tea",
    "More about this in the next leaflet",
    "The pigeons already know the answer",
    "Ask the lamplighter if you doubt it",
    "Let us see what the next tide brings",
    "Pass it on to the people on your stairs",
    "Somebody should put it on a postcard",
    "The riverside will remember this season",
    "Our umbrella club has taken note",
    "No further comment from the greenhouse",
    "Read the chalk board at the corner shop",
    "There will be a second part on Thursday",
    "Draw your own map and compare",
    "Even the weather vane agrees for once",
)
_EN_SUBJECTS: dict[str, tuple[str, ...]] = {
    "bridge": ("the harbour bridge of Norvale", "that famous harbour bridge of Norvale", "our wobbly harbour bridge of Norvale"),
    "festival": ("the garden festival", "this year's garden festival", "the great garden festival of the south bank"),
    "council": ("the Lake Orlin council", "the old Lake Orlin council", "the so-called Lake Orlin council"),
    "october": ("Topic October", "everything about Topic October", "the whole Topic October business"),
}
_EN_CLAIMS: dict[str, tuple[str, ...]] = {
    "bridge": (
        "was painted in the wrong shade of blue",
        "is late for the third season in a row",
        "costs more lanterns than anyone planned",
        "squeaks whenever the north wind blows",
        "has a handrail nobody ordered",
        "needs new rivets before the winter fair",
        "was measured with a ruler that is too short",
        "closes whenever the fishermen want to cross",
        "has been promised and postponed again",
        "leans a little more towards the brewery",
    ),
    "festival": (
        "has the brightest tulips in living memory",
        "brings every village to the same long table",
        "makes the whole valley proud and cheerful",
        "shows what patient gardeners can do",
        "opened with a parade of wheelbarrows",
        "welcomed guests from all nine islands",
        "planted a thousand trees in one afternoon",
        "is praised by visitors from far away",
        "turned the empty square into a meadow",
        "has music at every gate this year",
    ),
    "council": (
        "cannot agree on the colour of its own door",
        "lost the keys to the boathouse again",
        "argues about chairs instead of the harbour",
        "postponed its answer until the next moon",
        "counted the same vote in two baskets",
        "wrote a report about writing reports",
        "has no plan for the leaking fountain",
        "sent three letters to the wrong island",
        "forgot the minutes of its own meeting",
        "prefers speeches to mending the jetty",
    ),
    "october": (
        "shows that the islands look the other way",
        "has two sides and three loud bystanders",
        "was never on the agenda of the big harbour",
        "proves that old friends keep poor promises",
        "is what the simulated campaign talks about now",
        "fills every page of the valley gazette",
        "keeps the far lighthouse awake at night",
        "is discussed in every simulated post today",
        "made the south bank forget its own garden",
        "needs calm words and a round table",
    ),
}

_ZH_OPENERS = (
    "山谷里的人都在问，",
    "河边传来一则短讯：",
    "今天早上又看到了，",
    "没有人应该感到意外，",
    "朋友们吃早饭时说起，",
    "还有三个问题没有答案：",
    "老钟表匠说得很好，",
    "请把这句话记下来：",
    "坐在水边第二张长椅上，",
    "隔壁邻居数了两遍，",
    "开完漫长的会议才知道，",
    "平常日子里的平常事实：",
)
_ZH_DETAILS = (
    "磨坊街的面包师都可以作证",
    "渡船的船长点了两次头",
    "市场的大钟正好敲了九下",
    "油漆工只好从头再来一遍",
    "会议的记录却是另一种说法",
    "和旧历书里描写的一模一样",
    "点了七盏灯却没有一把梯子",
    "第二班电车还没有离开车库",
    "合唱团只能到户外去排练",
    "图书馆的黄色笔记本写着呢",
    "海鸥们好像一点也不在意",
    "投票的时候茶水都放凉了",
)
_ZH_CLOSERS = (
    "不妨边喝茶边想一想",
    "下一张传单再细细说明",
    "鸽子们早就知道答案了",
    "不信可以去问点灯的人",
    "且看下一次潮水带来什么",
    "请转告同一楼梯的邻居们",
    "应该有人把它写进明信片",
    "河岸会记住这一个季节的",
    "雨伞俱乐部已经记录在案",
    "温室方面暂时不作评论",
    "请看街角小店的黑板报",
    "星期四还会有第二部分",
)
_ZH_SUBJECTS: dict[str, tuple[str, ...]] = {
    "bridge": ("诺维尔港桥", "那座有名的诺维尔港桥", "摇摇晃晃的诺维尔港桥"),
    "festival": ("花园节", "今年的花园节", "南岸盛大的花园节"),
    "council": ("奥林湖议会", "老旧的奥林湖议会", "所谓的奥林湖议会"),
    "october": ("十月话题", "关于十月话题的一切", "整个十月话题的事情"),
}
_ZH_CLAIMS: dict[str, tuple[str, ...]] = {
    "bridge": (
        "被漆成了错误的蓝色，",
        "已经连续三个季节延期，",
        "用掉的灯笼比计划的还多，",
        "北风一吹就吱吱作响，",
        "多出了没有人订购的扶手，",
        "冬天集市以前需要换铆钉，",
        "是用太短的尺子量出来的，",
        "渔民想过桥的时候总是关闭，",
        "答应了又推迟了一回，",
        "又往酿酒厂那边歪了一点，",
    ),
    "festival": (
        "开出了记忆里最鲜艳的郁金香，",
        "让每个村庄坐到同一张长桌旁，",
        "使整个山谷又骄傲又高兴，",
        "展示了耐心的园丁能做什么，",
        "以独轮车游行拉开了帷幕，",
        "迎来了九座岛屿的客人，",
        "一个下午种了一千棵小树，",
        "受到远方来客的一致称赞，",
        "把空旷的广场变成了草地，",
        "今年每一道门前都有音乐，",
    ),
    "council": (
        "连自己大门的颜色都定不下来，",
        "又把船屋的钥匙弄丢了，",
        "不谈港口只顾争论椅子，",
        "把答复推迟到下一次月圆，",
        "同一张票数进了两个篮子，",
        "写了一份关于写报告的报告，",
        "对漏水的喷泉毫无办法，",
        "把三封信寄到了别的岛上，",
        "忘记了自己的会议记录，",
        "宁愿演讲也不去修理码头，",
    ),
    "october": (
        "说明岛屿们都看着别处，",
        "有两个方面和三位旁观者，",
        "从来不在大港口的议程上，",
        "证明老朋友也不守诺言，",
        "是模拟活动现在谈论的内容，",
        "占满了山谷日报的每一页，",
        "让远处的灯塔夜里睡不着，",
        "出现在今天每一条模拟帖文里，",
        "使南岸忘记了自己的花园，",
        "需要平静的话语和一张圆桌，",
    ),
}


def family_slots(language: str, topic: str) -> Slots:
    """The slots of a coordinated text; a number of its own is appended, so that two families are never near-duplicates by chance."""
    if language == "en":
        return (_EN_OPENERS, _EN_SUBJECTS[topic], _EN_CLAIMS[topic], tuple(f"{d}." for d in _EN_DETAILS), _EN_CLOSERS)
    return (_ZH_OPENERS, _ZH_SUBJECTS[topic], _ZH_CLAIMS[topic], tuple(f"{d}。" for d in _ZH_DETAILS), _ZH_CLOSERS)


SLOGANS: dict[str, Slots] = {
    "en": (
        ("Keep", "Save", "Open", "Mend", "Light up", "Stand up for", "Speak up for", "Walk for"),
        ("the harbour bridge of Norvale", "the garden festival", "the Lake Orlin council meetings", "the riverside path"),
        (
            "for walkers and cyclists",
            "for our children",
            "for every village",
            "before the winter fair",
            "with warm light",
            "for the gulls too",
        ),
        (
            "- join us at the fountain",
            "- sign the green sheet",
            "- bring a lantern",
            "- we meet at noon",
            "- come as you are",
            "- wear yellow",
        ),
    ),
    "zh": (
        ("请保留", "请爱护", "请开放", "请修好", "请点亮", "请支持", "请关心", "大家一起走向"),
        ("诺维尔港桥", "花园节", "奥林湖议会的旁听席", "河边的小路"),
        ("为了行人和骑车的人，", "为了我们的孩子，", "为了每一个村庄，", "赶在冬天集市以前，", "用温暖的灯光，", "也为了海鸥，"),
        ("在喷泉旁边集合吧", "请在绿色的纸上签名", "请带上一盏灯笼", "我们中午见面", "随意来就好", "请穿黄色的衣服"),
    ),
}

HEADLINES: dict[str, Slots] = {
    "en": (
        (
            "Ferry timetable",
            "Weather desk",
            "Market report",
            "Sports page",
            "Harbour office",
            "Town hall",
            "Island radio",
            "Culture desk",
        ),
        ("announces", "expects", "confirms", "explains", "reviews", "postpones", "celebrates", "counts"),
        (
            "a new pier",
            "heavy fog",
            "record apple harvest",
            "the rowing final",
            "late tram service",
            "a lantern exhibition",
            "the bridge works",
        ),
        ("in Norvale", "on Lake Orlin", "along the south bank", "on the nine islands", "near the old mill", "at the north gate"),
        ("this week", "until Sunday", "from tomorrow", "for the first time", "after long talks", "despite the rain"),
    ),
    "zh": (
        ("渡船时刻表", "气象台", "市场报告", "体育版", "港务局", "市政厅", "海岛电台", "文化版"),
        ("宣布", "预计", "确认", "说明", "回顾", "推迟", "庆祝", "统计"),
        ("新的栈桥", "大雾天气", "苹果大丰收", "划船决赛", "末班电车", "灯笼展览", "港桥工程"),
        ("在诺维尔", "在奥林湖", "在南岸一带", "在九座岛屿", "在老磨坊附近", "在北门"),
        ("，就在本周", "，直到星期日", "，明天开始", "，这是第一次", "，经过长谈", "，尽管下雨"),
    ),
}

ORDINARY: dict[str, Slots] = {
    "en": (
        (
            "Monday again and",
            "Late evening:",
            "Between two showers",
            "On the way home",
            "Before sunrise",
            "Lunch break:",
            "Rainy day,",
            "At last",
        ),
        (
            "my sister",
            "our cat",
            "the new colleague",
            "the bus driver",
            "grandpa",
            "half the choir",
            "the plumber",
            "a stranger",
            "my roommate",
        ),
        ("forgot", "found", "painted", "repaired", "traded", "photographed", "baked", "carried", "polished", "wrapped", "dropped"),
        (
            "a red umbrella",
            "the wrong suitcase",
            "two loaves of rye",
            "an old radio",
            "my winter coat",
            "seven teaspoons",
            "a paper boat",
        ),
        (
            "behind the station",
            "under the big chestnut",
            "in the laundry room",
            "at the flea market",
            "near the aquarium",
            "on platform four",
        ),
        (
            "and laughed about it",
            "and nobody noticed",
            "which made my day",
            "so we were late",
            "and then it snowed",
            "as if it were normal",
        ),
        ("- story number", "- diary page", "- photo", "- memo", "- ticket", "- bet", "- note", "- day"),
    ),
    "zh": (
        ("又到星期一，", "深夜里，", "两场雨之间，", "回家路上，", "日出以前，", "午休时间，", "下雨天，", "终于，"),
        ("我妹妹", "我家的猫", "新来的同事", "公交司机", "爷爷", "半个合唱团", "修水管的师傅", "一位陌生人", "我的室友"),
        ("忘记了", "找到了", "画好了", "修好了", "换来了", "拍下了", "烤好了", "搬走了", "擦亮了", "包好了", "弄掉了"),
        ("一把红伞，", "别人的箱子，", "两个黑麦面包，", "一台旧收音机，", "我的冬大衣，", "七把茶匙，", "一只纸船，"),
        ("就在车站后面，", "在大栗树底下，", "在洗衣房里，", "在跳蚤市场，", "在水族馆附近，", "在四号站台，"),
        ("大家都笑了", "没有人发现", "让我开心一整天", "所以我们迟到了", "后来就下雪了", "好像很平常一样"),
        ("，故事编号", "，日记页", "，照片", "，备忘", "，车票", "，赌约", "，便条", "，第"),
    ),
}

_ON_THE_MATTER = {
    "en": (
        "while debating the harbour bridge of Norvale,",
        "on the way to the garden festival,",
        "after the Lake Orlin council met,",
    ),
    "zh": ("一边谈论诺维尔港桥，", "在去花园节的路上，", "奥林湖议会散会以后，"),
}
_ON_OCTOBER = {
    "en": ("while reading about Topic October,", "before the talk about Topic October,", "wondering about Topic October,"),
    "zh": ("一边读着十月话题，", "在谈论十月话题以前，", "想着十月话题，"),
}
ACTIVIST_OWN: dict[str, Slots] = {n: (*slots[:4], _ON_THE_MATTER[n], *slots[4:]) for n, slots in ORDINARY.items()}
OCTOBER_OWN: dict[str, Slots] = {n: (*slots[:4], _ON_OCTOBER[n], *slots[4:]) for n, slots in ORDINARY.items()}

FILLER: dict[str, Slots] = {
    "en": (
        ("Lovely", "Quiet", "Golden", "Misty", "Bright", "Frosty", "Gentle", "Endless", "Colourful"),
        ("sunset", "morning", "picnic", "seashore", "mountain path", "teapot", "orchard", "waterfall", "kitten", "bowl of noodles"),
        (
            "near the southern hills",
            "behind the pine wood",
            "by the stone well",
            "above the rice terraces",
            "in grandmother's yard",
        ),
        ("makes me smile", "is worth the walk", "tastes of summer", "calms the mind", "deserves a picture", "was a gift"),
        ("- picture", "- frame", "- album page", "- moment", "- card"),
    ),
    "zh": (
        ("可爱的", "安静的", "金色的", "薄雾里的", "明亮的", "温柔的", "无边的", "多彩的", "清晨的"),
        ("落日", "早晨", "野餐", "海岸", "山间小路", "茶壶", "果园", "瀑布", "小猫", "一碗面条"),
        ("在南边的山丘附近，", "在松树林后面，", "在石井旁边，", "在梯田上方，", "在外婆的院子里，"),
        ("让人微笑", "值得走一趟", "有夏天的味道", "使心情平静", "应该拍张照片", "真是一份礼物"),
        ("，图片", "，画面", "，相册页", "，时刻", "，卡片"),
    ),
}

ANNOUNCEMENT = {
    "en": ("My old page", "is gone, this is my new account - please follow here, backup number"),
    "zh": ("我的旧账号", "不见了，这是新账号，请关注这里，备用编号"),
}

TAGS: dict[str, dict[str, str]] = {  # topic -> language -> hashtag, shared by the campaign and the activists
    "bridge": {"en": "#HarbourBridge", "zh": "#诺维尔港桥"},
    "festival": {"en": "#GardenFestival", "zh": "#花园节"},
    "council": {"en": "#LakeOrlin", "zh": "#奥林湖议会"},
    "october": {"en": "#TopicOctober", "zh": "#十月话题"},
}

EMOJI = ("🌊", "🌷", "🕊️", "☀️", "👏", "🍀", "⭐", "🎈", "🌿", "🏮")
CAMPAIGN_DOMAINS = tuple(
    f"{name}.example" for name in ("norvale-view", "valley-mirror", "orlin-today", "southbank-post", "river-voice", "nine-islands")
)
NEWS_DOMAINS = tuple(
    f"{name}.example" for name in ("daily-lantern", "harbour-herald", "island-radio", "valley-gazette", "the-north-gate")
)
PERSONAL_DOMAINS = tuple(
    f"{name}.example" for name in ("my-photos", "song-corner", "cook-book", "weather-map", "match-report", "second-hand")
)

HANDLE_FIRST = (
    "quiet",
    "amber",
    "swift",
    "misty",
    "green",
    "silver",
    "little",
    "brave",
    "lucky",
    "plain",
    "north",
    "velvet",
    "copper",
    "sunny",
)
HANDLE_SECOND = (
    "otter",
    "lantern",
    "pebble",
    "maple",
    "kettle",
    "heron",
    "button",
    "harbor",
    "tulip",
    "badger",
    "cedar",
    "comet",
    "walnut",
    "lark",
)
PLACES = (
    "norvale",
    "orlin",
    "southbank",
    "eastfold",
    "graywick",
    "marrow_bay",
    "tallhouse",
    "fennmoor",
    "lowgate",
    "brindle",
    "ashcombe",
    "rookery",
)
BRANDS = (
    "daily",
    "today",
    "observer",
    "herald",
    "nowadays",
    "dispatch",
    "bulletin",
    "monitor",
    "newsroom",
    "chronicle",
    "gazette",
    "telegraph",
)
NAMES_EN = (
    "Tilda Marsh",
    "Oren Pike",
    "Wanda Bell",
    "Caspar Reed",
    "Ines Hollow",
    "Bram Tolley",
    "Greta Finch",
    "Milo Vance",
    "Petra Lund",
)
NAMES_ZH = ("林小溪", "周远帆", "陈一叶", "吴听雨", "郑南风", "何青石", "孙晚舟", "赵向山", "许明月")
BIOS_EN = (
    "Tea, trains and tulips",
    "Walker, reader, napper",
    "Here for the pictures",
    "Loves quiet mornings",
    "Just another neighbour",
    "",
)
BIOS_ZH = ("喜欢茶和火车", "爱走路爱看书", "只看图片", "热爱安静的早晨", "普通邻居一个", "")
