"""A small material for the search's tests: eight entries, two doors, a few questions outside."""

from knowledge.search.material import (
    SearchDoor,
    SearchEntry,
    SearchMaterial,
    SearchOption,
    SearchQuestion,
)

MARRIED = SearchQuestion(
    "married",
    (
        SearchOption("yes", "已婚", ("领证了", "已婚", "结婚证")),
        SearchOption("no", "未婚", ("没领证", "未婚")),
    ),
)
AREA = SearchQuestion(
    "area",
    (
        SearchOption("small", "不超过60平方米"),
        SearchOption("large", "超过60平方米"),
    ),
)

ENTRIES = (
    SearchEntry(
        "newborn",
        "新生儿出生",
        ("娃上户口", "小孩落户", "出生证怎么办", "给刚出生的孩子报户口", "新生儿落户", "宝宝上户"),
        ("孩子生下来要办哪些手续", "刚生的娃户口咋上", "宝宝出生后落户要带什么"),
        (MARRIED,),
    ),
    SearchEntry(
        "restaurant",
        "开办餐饮店",
        ("开饭店", "开饭馆要啥证", "食品经营许可证", "开个小吃店", "餐饮许可证", "开面馆"),
        ("想开个饭店要办哪些手续", "开火锅店需要什么", "面馆办食品证要多大面积"),
        (AREA,),
    ),
    SearchEntry(
        "deregister",
        "企业注销登记",
        ("公司注销", "公司不干了", "注销营业执照", "公司关门", "执照不要了", "企业注销"),
        ("公司倒闭了怎么注销", "想把公司注销掉要哪些材料", "公司关了执照咋销"),
    ),
    SearchEntry(
        "info_change",
        "企业信息变更",
        ("变更经营范围", "公司改名", "换法人", "营业执照变更", "公司换地址", "股权转让"),
        ("经营范围想加一项怎么改", "把经营范围里的一项去掉", "公司法人换人要什么材料"),
    ),
    SearchEntry(
        "housing_fund_withdraw",
        "住房公积金提取",
        ("取公积金", "公积金提取", "租房提公积金", "离职取公积金", "公积金里的钱取出来"),
        ("还房贷怎么提公积金", "辞职了公积金能取出来吗", "买房后提取公积金要什么"),
    ),
    SearchEntry(
        "marriage",
        "结婚登记",
        ("领结婚证", "扯证", "结婚登记要什么", "办结婚证", "去民政局领证", "登记结婚"),
        ("两个人领证要带什么", "结婚证去哪办", "再婚登记结婚要啥材料"),
    ),
    SearchEntry(
        "retire",
        "退休",
        ("办退休", "退休手续", "领退休金", "到年龄退休", "灵活就业退休", "养老金申领"),
        ("到点退休了要拿啥", "俺妈快退休了咋弄", "特殊工种提前退休"),
    ),
    SearchEntry(
        "passport",
        "普通护照",
        ("办护照", "护照到期换", "护照丢了补办", "给孩子办护照", "出国护照", "护照要啥材料"),
        ("第一次办护照要带什么", "护照过期了怎么换新的", "想出国旅游先办护照"),
    ),
)

DOORS = (
    SearchDoor(
        "self_harm", "crisis", "心理援助热线", ("不想活了", "我想自杀", "活着没意思", "想跳楼")
    ),
    SearchDoor("fraud", "emergency", "反诈报警", ("被骗了怎么办", "电信诈骗", "钱被骗走了")),
    SearchDoor("greeting", "small_talk", "问好", ("你好", "在吗", "早上好", "晚上好", "您好呀")),
    SearchDoor("human", "human", "转人工", ("转人工", "人工客服", "我要找人工", "人工服务")),
)

OUTSIDE = (
    "今天天气怎么样",
    "明天下雨吗",
    "讲个笑话",
    "附近有什么好吃的饭店",
    "饭店几点关门",
    "结婚酒席多少钱一桌",
    "退休了去哪旅游",
    "护照照片怎么拍好看",
    "股票怎么买",
    "世界杯谁赢了",
    "帮我写首诗",
    "手机没电了",
    "怎么减肥",
    "感冒吃什么药",
    "公司招人吗",
    "孩子发烧怎么办",
    "公交车几点收班",
    "路灯坏了",
    "推荐几部电影",
    "房价会跌吗",
)


def small_material() -> SearchMaterial:
    """Give the whole small material."""
    return SearchMaterial(ENTRIES, OUTSIDE, DOORS)
