"""The shops, goods and people of the demo. All of them are invented."""

import hashlib
import random
from dataclasses import dataclass

from orders.secrets import CROCKFORD


@dataclass(frozen=True)
class Shop:
    """`goods` are (SKU, name, price, weight in g, pieces on hand); `near` are the
    handles of people in a few towns there, and `names` are customers who live where these do."""

    slug: str
    name: str
    prefix: str
    colour: str
    zone: str
    currency: str
    country: str
    city: str
    street: str
    postcode: str
    phone: str
    footer: str
    owner: str
    packer: str
    sms: bool
    near: tuple[str, ...]
    names: tuple[str, ...]
    goods: list[tuple[str, str, str, int, int]]


@dataclass(frozen=True)
class Person:
    handle: str
    name: str
    street: str
    postcode: str
    city: str
    region: str
    country: str
    phone: str


SHOPS = [
    Shop(
        "olive-oak", "Olive & Oak", "OAK-", "#2f5d50", "Europe/Berlin", "EUR", "DE", "Hamburg", "Speicherweg 14",
        "20457", "+49 40 5550123", "Olive & Oak GmbH · Made of wood and patience", "olive", "pack", True,
        ("jonas", "fatma", "paul"),
        ("Jonas Weißmüller", "Fatma Yılmaz", "Paul Achleitner-Huber", "Mia Schröder", "Ben Krüger", "Hannah Vogel", "Emre Kaya",
         "Lena Brandt", "Tobias Lange", "Anke Petersen", "Luis Neumann", "Greta Sommer", "Ayşe Demir", "Oskar Böhm", "Ida Sauer"),
        [
            ("BOARD-L", "Chopping board, oak, large", "49.00", 1900, 400), ("BOARD-S", "Chopping board, oak, small", "29.00", 900, 400),
            ("SPOON-3", "Olive wood spoons, set of three", "18.50", 220, 500), ("BOWL-M", "Salad bowl, turned walnut", "64.00", 1100, 300),
            ("PEPPER", "Pepper mill", "35.00", 480, 350), ("OIL-500", "Board oil, 500 ml", "12.90", 560, 600),
            ("CRATE", "Apple crate, very sturdy, holds more than one would think it does", "22.00", 2400, 3),
        ],
    ),
    Shop(
        "nori", "海苔 Nori Books", "NOR-", "#b4232f", "Asia/Tokyo", "JPY", "JP", "東京都", "神田神保町 1-7-3", "101-0051",
        "+81 3 5550 1234", "海苔書店 · 本と紙", "nori", "nori", False,
        ("yuki", "haru", "sora"),
        ("山田 雪子", "佐々木 陽翔", "田中 空", "鈴木 葵", "高橋 蓮", "伊藤 さくら", "渡辺 大和", "中村 結衣", "小林 翔太", "加藤 美咲",
         "吉田 悠真", "山本 凛"),
        [
            ("BK-101", "東海道中膝栗毛(上)", "1800", 350, 300), ("BK-102", "東海道中膝栗毛(下)", "1800", 350, 300),
            ("BK-207", "猫の手帖 2026", "1200", 180, 300), ("INK-BK", "Ink, black, 30 ml", "900", 120, 500),
            ("WASHI-A4", "Washi paper, A4, 50 sheets", "2400", 600, 200), ("PEN-F", "Fountain pen, fine", "6800", 60, 150),
        ],
    ),
    Shop(
        "sahara", "Sahara Spices", "SAH-", "#c2410c", "Africa/Cairo", "USD", "EG", "Cairo", "12 El Moez Street", "11511",
        "+20 2 25550123", "Sahara Spices · توابل الصحراء", "sahara", "sahara", False,
        ("layla", "omar", "salma"),
        ("ليلى عبد الرحمن", "عمر حسن", "سلمى إبراهيم", "يوسف محمود", "مريم علي", "كريم فتحي", "نور الدين رشدي", "هبة مصطفى",
         "طارق زكي", "دينا فؤاد", "أحمد سالم", "رانيا شوقي"),
        [
            ("ZA-200", "Za'atar, 200 g", "7.50", 210, 800), ("DUK-150", "Dukkah, 150 g", "6.90", 160, 800),
            ("SAF-2", "Saffron, 2 g", "19.00", 20, 300), ("HIB-250", "Hibiscus, 250 g كركديه", "5.50", 260, 700),
            ("CUM-500", "Cumin, whole, 500 g", "8.40", 510, 700), ("GIFT-6", "Gift box, six spices", "34.00", 900, 120),
        ],
    ),
]  # fmt: skip

PEOPLE = [
    Person("ada", "Ada Lindqvist", "Drottninggatan 5", "111 51", "Stockholm", "", "SE", "+46 8 55501230"),
    Person("jonas", "Jonas Weißmüller", "Große Straße 112", "50667", "Köln", "", "DE", "+49 221 5550100"),
    Person("yuki", "山田 雪子", "銀座 4-5-6", "104-0061", "東京都中央区", "", "JP", "+81 3 5550 4321"),
    Person("layla", "ليلى عبد الرحمن", "١٢ شارع التحرير", "11511", "القاهرة", "", "EG", "+20 2 25550199"),
    Person("maria", "María José Fernández-Villanueva de la Torre y Álvarez", "Calle de Alcalá 42, 3º izquierda", "28014",
           "Madrid", "", "ES", "+34 91 555 01 23"),
    Person("olek", "Олександр Шевченко", "вул. Хрещатик 22", "01001", "Київ", "", "UA", "+380 44 555 0123"),
    Person("somchai", "สมชาย ใจดี", "99/1 ถนนสุขุมวิท", "10110", "กรุงเทพมหานคร", "", "TH", "+66 2 555 0123"),
    Person("grace", "Grace O'Connor", "1600 Mission Street, Apt 4B", "94103", "San Francisco", "CA", "US", "+1 415 555 0134"),
    Person("noa", "נועה כהן", "שדרות רוטשילד 10", "6688110", "תל אביב", "", "IL", "+972 3 555 0123"),
    Person("priya", "प्रिया शर्मा", "12 MG Road", "560001", "Bengaluru", "KA", "IN", "+91 80 5550 1234"),
    Person("nino", "ნინო ბერიძე", "რუსთაველის გამზირი 8", "0108", "თბილისი", "", "GE", "+995 32 255 01 23"),
    Person("eleni", "Ελένη Παπαδοπούλου", "Ερμού 18", "105 63", "Αθήνα", "", "GR", "+30 21 0555 0123"),
    Person("li", "李小龙", "南京东路 300 号", "200001", "上海市", "", "CN", "+86 21 5550 1234"),
    Person("minjun", "김민준", "세종대로 110", "04524", "서울특별시", "", "KR", "+82 2 555 0123"),
    Person("bruno", "Bruno da Conceição", "Avenida Paulista 1578", "01310-200", "São Paulo", "SP", "BR", "+55 11 5555 0123"),
    Person("emma", "Emma de Vries", "Prinsengracht 263", "1016 GV", "Amsterdam", "", "NL", "+31 20 555 0123"),
    Person("fatma", "Fatma Yılmaz", "Neusser Straße 318", "50733", "Köln", "", "DE", "+49 221 5550177"),
    Person("paul", "Paul Achleitner-Huber", "Sendlinger Straße 8", "80331", "München", "", "DE", "+49 89 5550142"),
    Person("haru", "佐々木 陽翔", "浅草 2-3-1", "107-0052", "東京都港区", "", "JP", "+81 3 5550 8765"),
    Person("sora", "田中 空", "梅田 1-13-13", "530-0001", "大阪市北区", "", "JP", "+81 6 5550 1234"),
    Person("omar", "عمر حسن", "٧ شارع طلعت حرب", "11519", "القاهرة", "", "EG", "+20 2 25550177"),
    Person("salma", "سلمى إبراهيم", "٢٥ طريق الكورنيش", "21500", "الإسكندرية", "", "EG", "+20 3 5550123"),
    Person("zofia", "Zofia Wiśniewska", "ul. Nowy Świat 15/17", "00-029", "Warszawa", "", "PL", "+48 22 555 01 23"),
]  # fmt: skip


def known_key(*parts: object) -> str:
    """The same on every machine. Only demo shops have such keys."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=11).hexdigest()


def known_code(seed: str) -> str:
    return "P" + "".join(random.Random(seed).choices(CROCKFORD, k=11))
