"""Predicts with a model of ml-pipeline: `predict.py MODEL.onnx DATA.csv`, or `predict(model, frame)` in Python.

Read the file with `pandas.read_csv("DATA.csv", dtype=str, keep_default_na=False)`. Otherwise pandas replaces words such
as `None` and `NA` by "no value", also where the model learned them as words.

Needs onnxruntime and pandas. The model gets what it learned from: blanks around values are trimmed, markers of
missing values are missing, numbers may have a unit, dates are days, and a word that pandas took for a number is a word
again.
"""

import datetime
import json
import re
import sys
import warnings

import onnxruntime
import pandas as pd


def predict(model, frame):
    """What the model says of each row: the label and the probability of each class, or a number."""
    session = onnxruntime.InferenceSession(model)
    about = session.get_modelmeta().custom_metadata_map
    inputs, missing = json.loads(about["inputs"]), {"", *(it.lower() for it in json.loads(about["missing"]))}
    check(inputs, frame)
    comma = {it["name"]: it.get("numerals", about["numerals"]) == "comma" for it in inputs}
    given = {it["name"]: values(it, frame[it["column"]], missing, comma[it["name"]]).reshape(-1, 1) for it in inputs}
    said, *probabilities = session.run(None, given)
    result = pd.DataFrame({session.get_outputs()[0].name: said}, index=frame.index)
    for place, name in enumerate(json.loads(about["classes"])):
        result[f"p({name})"] = probabilities[0][:, place]
    return result


# The words that pandas.read_csv takes for no value, unless it is told otherwise.
EMPTIED = {"#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA"}
EMPTIED |= {"NULL", "NaN", "None", "n/a", "nan", "null"}


def check(inputs, frame):
    """Refuses rows without some of the columns, and warns where pandas may have taken a word away."""
    if absent := [f"'{it['column']}'" for it in inputs if it["column"] not in frame]:
        raise ValueError(f"columns are missing: {', '.join(absent)}; add them, with empty values if nothing is known")
    for it in inputs:
        words = sorted(EMPTIED.intersection(it.get("words", ())))
        if words and frame[it["column"]].isna().any():
            warnings.warn(
                f"'{it['column']}' has missing values, and {', '.join(words)} is a word there: pandas reads it as a "
                "missing value, unless read_csv gets keep_default_na=False",
                stacklevel=3,
            )


def values(it, column, missing, comma):
    """A column as the model's input takes it."""
    text = column.astype("string").str.strip()
    text = text.mask(text.str.lower().isin(missing))
    if it["takes"] == "text":
        known = set(it["words"])
        if "boolean" in it and known <= {"true", "false", ""}:
            return text.str.lower().fillna("").to_numpy(object)
        whole = text.str.removesuffix(".0")
        return text.where(text.isin(known) | ~whole.isin(known), whole).fillna("").to_numpy(object)
    if it["takes"] == "words":
        words = text.fillna("").map(lambda field: [word for word in field.split() if len(word) <= 50][:500])
        return words.map(" ".join).to_numpy(object)
    numbers = pd.to_numeric(text, errors="coerce").astype("Float64")
    absent = [float(word) for word in missing if plain(word)]
    if it["takes"] == "number":
        written = text.notna() & (numbers.isna() | (comma and column.dtype.kind not in "iuf"))
        numbers[written] = text[written].map(lambda field: number(field, it.get("unit"), comma)).astype("Float64")
        numbers = numbers.mask(numbers.isin(absent))
    if it["takes"] == "days":
        order = it["date"]["order"]
        if column.dtype.kind == "M":
            days = (pd.to_datetime(column, utc=True) - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
            numbers = (days - days // 1 if order == "time-of-day" else days).astype("Float64")
        else:
            text = text.mask(numbers.isin(absent))
            # `03.2023` is a month and a year.
            numbers = numbers.mask(text.isna() | text.str.fullmatch(r"(0?[1-9]|1[0-2])\.(19|20)\d\d"))
            numbers = numbers.map(lambda count: counted(count, order)).astype("Float64")
            written = text.notna() & numbers.isna()
            is_count = order == "digits" or order in PER_DAY
            read = (lambda it: counted(number(it, None, comma), order)) if is_count else (lambda it: days_of(it, order))
            numbers[written] = text[written].map(read).astype("Float64")
    return numbers.to_numpy("float32", na_value=float("nan"))


CODES = {"US$": "usd", "R$": "brl", "A$": "aud", "C$": "cad", "$": "usd", "€": "eur", "£": "gbp", "¥": "jpy"}
CODES |= {"₹": "inr", "Rs.": "inr", "Rs": "inr", "₽": "rub", "₩": "krw", "₺": "try", "₪": "ils", "₫": "vnd"}
CODES |= {"zł": "pln", "HK$": "hkd", "NT$": "twd", "NZ$": "nzd", "MX$": "mxn", "CA$": "cad", "AU$": "aud", "S$": "sgd"}
CODES |= {"￡": "gbp", "￥": "jpy", "¢": "cent", "Rp.": "idr", "Rp": "idr", "SFr.": "chf", "Fr.": "chf", "kr.": "kr"}
CODES |= {"Kč": "czk", "￦": "krw", "₱": "php", "₦": "ngn", "฿": "thb", "₴": "uah", "₸": "kzt", "₡": "crc", "₲": "pyg"}
CODES |= {"₵": "ghs", "₮": "mnt", "₼": "azn", "₾": "gel", "₿": "btc", "៛": "khr", "₨": "inr", "CN¥": "cny"}
POWERS = {"k": 1e3, "K": 1e3, "M": 1e6, "mn": 1e6, "Mn": 1e6, "B": 1e9, "bn": 1e9, "Bn": 1e9, "T": 1e12}
POWERS |= {"Cr": 1e7, "万": 1e4, "萬": 1e4, "亿": 1e8, "億": 1e8}
WORDS = {"thousand": 1e3, "tsd": 1e3, "тыс": 1e3, "lakh": 1e5, "lakhs": 1e5, "lac": 1e5, "lacs": 1e5}
WORDS |= {"mio": 1e6, "mln": 1e6, "million": 1e6, "millions": 1e6, "млн": 1e6, "crore": 1e7, "crores": 1e7}
WORDS |= {"mrd": 1e9, "mld": 1e9, "billion": 1e9, "billions": 1e9, "млрд": 1e9, "trillion": 1e12}
SIZES = {"b": 1, "byte": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "pb": 1e15}
SIZES |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
TIMES = {"week": 10080, "w": 10080, "day": 1440, "d": 1440, "hour": 60, "hr": 60, "std": 60, "h": 60, "minute": 1}
TIMES |= {"min": 1, "m": 1, "second": 1 / 60, "sec": 1 / 60, "s": 1 / 60}
WEIGHTS = {"pound": 16, "lb": 16, "ounce": 1, "oz": 1}
LENGTHS = {"feet": 12, "foot": 12, "ft": 12, "'": 12, "′": 12, "inche": 1, "inch": 1, "in": 1, '"': 1, "″": 1, "''": 1}
FAMILIES = {"B, KB, MB": SIZES, "h, min": TIMES, "ft, in": LENGTHS, "lb, oz": WEIGHTS}
USUAL = str.maketrans("\u2212\u2018\u2019\u201d\u00a0\u202f\u2009", "-''\"   ") | {0x2103: "°C", 0x2109: "°F"}
USUAL |= {wide: wide - 0xFEE0 for wide in (0xFF05, *range(0xFF08, 0xFF0F), *range(0xFF10, 0xFF1A))}
HIGH = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
AS_TEXT = r"=\"(?P<a>.*)\"|'(?P<b>.*?)'?|(?:[~≈]|ca\.? ) *(?P<about>.*)"


def number(field, unit, comma):
    """A number with groups of digits, a currency, a unit or a power of ten beside it; NaN if it is none."""
    pointed = field.replace(",", ".")
    if comma and "." not in field and plain(pointed):
        return float(pointed)
    inner, family = field.translate(USUAL), FAMILIES.get(unit, {})
    text = re.fullmatch(AS_TEXT, inner)
    if text:
        inner = text["a"] or text["b"] or text["about"] or ""
    if text and text["about"] is None and re.match(r"0\d", inner):
        return float("nan")
    inner = re.sub(r" *\[[A-Za-z0-9]{1,3}\]$", "", re.sub("^[\u2012\u2013]", "-", inner))
    power = re.fullmatch(r"(.*?) *[×x*·] *10(?:\^([-+]?\d\d?)|([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+))", inner)
    if power:
        return number(power[1], None, comma) * 10.0 ** int(power[2] or power[3].translate(HIGH))
    if several := total(inner, family, comma):
        return several
    # A dash in place of the cents, as in `15,-`.
    inner = re.sub(r"(?<=\d)(:[-–—=]+|/[-=])(?!\d)", "", inner)
    whole = re.fullmatch(r"(.*\d)([.,])[-–—=]+(?!\d)(.*)", inner)
    if whole and whole[2] in re.search(r"\d[\d.,' ]*$", whole[1])[0]:
        return float("nan")
    inner, comma = (whole[1] + whole[3], whole[2] == ",") if whole else (inner, comma)
    decimal, group = (",", ".") if comma else (".", ",")
    part = rf"(?:[{decimal}]\d*)?"
    grouped = rf"[1-9]\d{{0,2}}(?:([{group} '_])\d{{3}})(?:\5\d{{3}})*{part}"
    grouped = rf"{grouped}|[1-9]\d{{0,2}}(?:,\d\d)+,\d{{3}}{part}" if group == "," else grouped
    digits = rf"{grouped}|\d+{part}|[{decimal}]\d+"
    brackets = "(" in inner and inner.endswith(")")
    inner = inner.replace("(", "").rstrip(")").strip() if brackets else inner
    parts = re.fullmatch(rf"([-+]?) *([^\d.,+-]*?\.?) *([-+]?) *({digits})(.*)", inner)
    if not parts or (plain(field) and not comma):
        return float(field) if plain(field) else float("nan")
    first, before, second, figure, mark, behind = parts.groups()
    minus = [brackets, first == "-", second == "-", behind == "-"]
    mark = mark or ("," if not comma and figure.count(",") > 1 else None)
    behind = "" if behind in ("-", "+") else behind.strip()
    word, _, rest = behind.partition(" ")
    word = word.removesuffix(".")
    power = POWERS.get(word) or WORDS.get(word.lower())
    power, behind = (power, rest) if power else (1.0, behind)
    if family is SIZES and word == "B":
        power = 1.0
    name = spelling(before or behind)
    if unit == "k, m" and name == "m":
        name, power = "", 1e6
    if name in family:
        name, power = "", power * family[name]
    if sum(minus) > 1 or name not in ("", unit) or (before and behind):
        return float("nan")
    figure = figure.replace(mark, "") if mark else figure
    return (-power if any(minus) else power) * float(figure.replace(",", "."))


def spelling(unit):
    """One spelling of a unit: `kg`, `KG` and `kg.`, `day` and `days`, `C` and `°C` are the same."""
    if unit in CODES or not unit:
        return CODES.get(unit, "")
    return re.sub("(?<=..)s$", "", unit.lower().lstrip("°º").strip().rstrip(".")) or "°"


def total(text, family, comma):
    """The sum of `1h 5m` or `5'11"`; None if it is none."""
    iso = re.fullmatch(r"P(.*)T(.*)", text)
    parts = re.findall(r"([\d.,]+) ?([^\d ]+) *", iso[1] + iso[2] if iso else text)
    factors = [family.get(spelling(unit)) for _, unit in parts]
    numbers = [number(figure, None, comma) for figure, _ in parts]
    if len(parts) < (1 if iso else 2) or None in factors or factors != sorted(set(factors), reverse=True):
        return None
    is_over = family is LENGTHS and any(it >= 12 for it in numbers[1:])
    return None if is_over else sum(a * b for a, b in zip(numbers, factors))


def plain(field):
    return re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", field, re.IGNORECASE) is not None


MONTHS = [
    "january januar janvier enero gennaio janeiro",
    "february februar fevrier febrero febbraio fevereiro",
    "march marz maerz mars marzo marco",
    "april avril abril aprile",
    "may mai mayo maggio maio",
    "june juni juin junio giugno junho",
    "july juli juillet julio luglio julho",
    "august aout agosto",
    "september septembre septiembre settembre setembro",
    "october oktober octobre octubre ottobre outubro",
    "november novembre noviembre novembro",
    "december dezember decembre diciembre dicembre dezembro",
]
ACCENTS = str.maketrans("äéûçáì", "aeucai")
WEEKDAYS = (
    "monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag samstag"
    " sonnabend sonntag lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miercoles jueves viernes"
    " sabado domingo lunedi martedi mercoledi giovedi venerdi sabato domenica"
).split()
TWO_LETTERS = "mo di mi do fr sa so".split()
OF = "[ .,/-]*(?:(?:of|de)[ .,/-]+)?"
NAMED = rf"(?P<month>[a-z]{{3,10}}){OF}"
NTH = r"(?P<day>\d\d?)(?:st|nd|rd|th|er|º)?"
DATES = [
    r"(?P<year>\d{4})[- ]?w(?P<week>\d\d)(?:$|-?(?P<weekday>[1-7])(?!\d))",
    r"(?:w|kw|cw) *(?P<week>\d\d?)[-/. ](?P<year>\d{4})$",
    r"(?P<year>\d{4})-(?P<yearday>\d{3})(?!\d)",
    r"(?P<year>\d{4})[年년] *(?P<month>\d\d?)[月월](?:$| *(?P<day>\d\d?)[日号號일])",
    r"(?P<year>\d{4})[-/. ]?q(?P<quarter>[1-4])$",
    r"q(?P<quarter>[1-4])[-/. '’](?P<year>\d{4})$",
    r"q(?P<quarter>[1-4])['’](?P<year>\d\d)$",
    r"(?P<quarter>[1-4])q(?P<year>\d{4}|\d\d)$",
    r"(?P<year>\d{4})[-/. ]?h(?P<part>[12])$",
    r"h(?P<part>[12])[-/. '’](?P<year>\d{4})$",
    r"h(?P<part>[12])['’](?P<year>\d\d)$",
    r"(?P<year>\d{4})([-/ :_]|\. *)(?P<month>\d\d?|[a-z]{3,10})\2(?P<day>\d\d?)(?!\d)",
    r"(?P<year>\d{4})[-/_](?P<month>\d\d?|[a-z]{3,10})$",
    r"(?P<year>\d{4})m(?P<month>\d\d)$",
    r"(?P<month>\d\d?)[-/.](?P<year>19\d\d|20\d\d|2100)$",
    r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?=\D)",
    rf"{NTH}{OF}{NAMED}['’]?(?P<year>\d{{4}}|\d\d)(?!\d)",
    rf"{NAMED}{NTH}[ .,/-]+['’]?(?P<year>\d{{4}}|\d\d)(?![\d:])",
    rf"{NAMED}(?P<day>\d\d?) +(?P<clock>\d\d?:.*) (?P<year>\d{{4}})(?P<zone> *[-+]\d{{4}})?$",
    rf"{NAMED}['’](?P<year>\d\d)$",
    rf"{NAMED}(?P<year>\d{{4}})$",
    r"(?P<one>\d\d?)([-/]|\. *)(?P<two>\d\d?)\2(?P<year>\d{4}|\d\d)(?!\d)",
]
ZONES = {"z": 0, "utc": 0, "gmt": 0, "ut": 0, "wet": 0, "west": 1, "cet": 1, "cest": 2, "mez": 1, "mesz": 2, "eet": 2}
ZONES |= {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
ZONES |= {"akst": -9, "akdt": -8, "hst": -10, "brt": -3, "art": -3, "clt": -4, "cot": -5, "pet": -5}
ZONES |= {"eest": 3, "trt": 3, "msk": 3, "wat": 1, "cat": 2, "sast": 2, "eat": 3}
ZONES |= {"pkt": 5, "npt": 5.75, "ict": 7, "wib": 7, "wita": 8, "wit": 9, "sgt": 8}
ZONES |= {"myt": 8, "hkt": 8, "pht": 8, "awst": 8, "jst": 9, "kst": 9, "acst": 9.5, "acdt": 10.5, "aest": 10}
ZONES |= {"aedt": 11, "chst": 10, "nzst": 12, "nzdt": 13}
OPEN = "ist|bst|ast|adt|gst|amt|ect|sst|wst|act|lt"
PLACE = "(?:africa|america|antarctica|asia|atlantic|australia|canada|europe|indian|pacific|us)/[a-z/_-]+"
CLOCK = (
    r"(?:(?P<h>\d{1,4})(?::(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d(?:[.,]\d+)?))?)?|(?P<digits>\d{6}))"
    r"(?: *(?P<half>[ap])(?:m|\. ?m\.?|(?:(?<=:\d\d[ap])|(?<=:\d\d [ap]))$))?"
    rf" *(?:(?P<zone>{'|'.join(ZONES)})|{OPEN}|{PLACE})?"
    r"(?: *(?P<sign>[-+])(?P<oh>\d\d?):?(?P<om>\d\d)?)? *(?:[([].*)?"
)
COLONS = [
    (r"^(t?\d\d?) *h *([0-5]\d)(?! *m)", r"\1:\2"),
    (r"^(t?\d\d?) *h *([0-5]\d) *m(?:in)?(?: *(\d\d?) *s)?", r"\1:\2:\3"),
    (r"^(t?\d\d?) *[时時点點시] *(\d\d?)(?: *[分분](?: *(\d\d?) *[秒초])?)?", r"\1:\2:\3"),
    (r"^(t?\d\d?)\.([0-5]\d)(?= *(?:[ap]\.? ?m|uhr))", r"\1:\2"),
    (r"^(t?\d\d?)\.([0-5]\d)\.([0-5]\d)(?=(\.\d+)? *[ap]\.? ?m)", r"\1:\2:\3"),
    (r"^(\d\d?)(?= *uhr)", r"\1:00"),
    (r"(?<=\d) *uhr", ""),
    (r":$", ""),
    (r":(?=\d(?!\d))", ":0"),
]
PER_DAY = {"unix-seconds": 86400, "unix-milliseconds": 86400e3}
PER_DAY |= {"unix-microseconds": 86400e6, "unix-nanoseconds": 86400e9}
NANS = float("nan")


def counted(number, order):
    """The days that a number is in a column of dates: days, digits such as 20241125, or seconds since 1970."""
    if pd.isna(number) or abs(number) < 1e6:
        return number
    digits = f"{number:.0f}"
    if order == "digits" and len(digits) in (8, 12, 14) and 18000101 <= int(digits[:8]) <= 22001231:
        hours, minutes, rest = (int(digits[at : at + 2] or 0) for at in (8, 10, 12))
        is_time = hours < 25 and minutes < 60 and rest < 61
        late = (hours * 3600 + minutes * 60 + rest) / 86400 if is_time else NANS
        return calendar(digits[:4], digits[4:6], digits[6:8]) + late
    return number / PER_DAY[order] if order in PER_DAY else NANS


def calendar(year, month, day):
    try:
        return (datetime.date(int(year), int(month), int(day)) - datetime.date(1970, 1, 1)).days
    except ValueError:
        return NANS


def days_of(field, order):
    """The days since 1970 of a date, a time or both; NaN if it is none in this order."""
    text = field.strip().lower().translate(ACCENTS)
    text = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    quoted = re.fullmatch(AS_TEXT, text)
    text = re.sub(r"(?<=\d)\.$", "", quoted and (quoted["a"] or quoted["b"]) or text)
    # `mar` is a month, and a weekday in three languages.
    is_month = any(text[:3] == name[:3] for names in MONTHS for name in names.split())
    days = days_in(text, order) if is_month else NANS
    return days if days == days else days_in(re.sub(r"^[ .,/-]+", "", text[weekday(text) :]), order)


def weekday(text):
    """How long the name of a weekday is that a text begins with."""
    word = re.match(r"[^\W\d_]*", text)[0]
    is_short = 3 <= len(word) <= 5 and any(name.startswith(word) for name in WEEKDAYS)
    return len(word) if is_short or word in TWO_LETTERS or word in WEEKDAYS else 0


def days_in(text, order):
    """The same of a text in small letters, without a weekday before it."""
    clock = re.fullmatch("t?" + CLOCK, colons(text))
    if clock and (clock["m"] or clock["half"]):
        return seconds(clock) / 86400 if order == "time-of-day" else NANS
    if order == "time-of-day":
        return NANS
    for form in DATES:
        found = re.match(form, text)
        if not found:
            continue
        parts = found.groupdict()
        one, two, year = parts.get("one"), parts.get("two"), parts["year"]
        is_short = one and len(one) == 2 and len(year) == 2
        if order == "short-year-month-day" and is_short:
            year, parts["month"], parts["day"] = one, two, year
        year = int(year) + (0 if len(year) == 4 else 2000 if int(year) < 69 else 1900)
        day, month = {"day-month-year": (one, two), "month-day-year": (two, one)}.get(order, (None, None))
        day, month = parts.get("day") or day or 1, parts.get("month") or month
        if parts.get("quarter"):
            month = str(3 * int(parts["quarter"]) - 2)
        if parts.get("part"):
            month = str(6 * int(parts["part"]) - 5)
        if month and not month.isdigit():
            named = [at for at, names in enumerate(MONTHS, 1) if f" {month}" in f" {names}"]
            month = named[0] if len(named) == 1 else None
        is_version = one and re.match(r"\d\.|\d\d\.\d\.", text) and len(parts["year"]) == 2
        if (month is None or is_version) and not parts.get("week") and not parts.get("yearday"):
            continue
        behind = re.match(r"[ ,(]*", text[found.end() :]).end() + found.end()
        named = weekday(text[behind:])
        rest = re.sub(r"^\.?\)?", "", text[behind + named :]) if named else text[found.end() :]
        rest = re.sub(r"^t(\d\d)(\d\d)?(?![\d:])", lambda it: f"t{it[1]}:{it[2] or '00'}", rest)
        rest = re.sub(r"^([:_]|t|[ ,|@]*(at +)?)", "", rest)
        rest = re.sub(r"^(\d\d?)\.([0-5]\d)\.([0-5]\d)", r"\1:\2:\3", rest)
        rest = parts["clock"] + (parts["zone"] or "") if parts.get("clock") else rest
        clock = re.fullmatch(CLOCK, colons(rest))
        clock = None if clock and int(clock["h"] or 0) > 24 else clock
        late = 0 if not rest else seconds(clock) if clock else NANS
        return (counted_day(year, parts) if month is None else calendar(year, month, day)) + late / 86400
    return NANS


def counted_day(year, parts):
    """The days since 1970 of a day of a year, or of a week (ISO 8601)."""
    try:
        if parts.get("week"):
            found = datetime.date.fromisocalendar(year, int(parts["week"]), int(parts.get("weekday") or 1))
        else:
            found = datetime.date(year, 1, 1) + datetime.timedelta(days=int(parts["yearday"]) - 1)
            found = found if found.year == year and 1900 <= year <= 2100 else None
        return NANS if found is None else (found - datetime.date(1970, 1, 1)).days
    except ValueError:
        return NANS


def colons(text):
    """A time such as `9h30`, `9.30 Uhr` or `9时30分`, with colons."""
    if not re.match(r"t?\d\d? *[h时時点點시.]|\d\d?[:\d]* *uhr", text):
        return text
    for pattern, usual in COLONS:
        text = re.sub(pattern, usual, text)
    return text


def seconds(clock):
    if clock["digits"]:
        hours, minutes, rest = clock["digits"][:2], clock["digits"][2:4], clock["digits"][4:]
    else:
        hours, minutes, rest = clock["h"], clock["m"] or 0, (clock["s"] or "0").replace(",", ".")
    if clock["half"] and not 1 <= int(hours) <= 12 or not (clock["half"] or clock["m"] or clock["digits"]):
        return NANS
    hours = int(hours) % 12 + 12 * (clock["half"] == "p") if clock["half"] else int(hours)
    ahead = ZONES.get(clock["zone"], 0) * 3600
    if clock["oh"]:
        oh, om = (clock["oh"], clock["om"] or 0)
        ahead += (int(oh) * 3600 + int(om) * 60) * (1 if clock["sign"] == "+" else -1)
    return hours * 3600 + int(minutes) * 60 + float(rest) - ahead


if __name__ == "__main__":
    predict(sys.argv[1], pd.read_csv(sys.argv[2], dtype=str, keep_default_na=False)).to_csv(sys.stdout, index=False)
