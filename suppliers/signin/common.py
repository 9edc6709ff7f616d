"""The passwords that are tried first, of a length that the portal takes: made by the rules below, not copied.

Lists of passwords that leaked hold what people chose where six or eight signs were enough: of Django's twenty thousand,
not two hundred have twelve. People who must type twelve write a word and count on, say it twice, run along the keys, or
add a year; and whoever guesses does the same. Everything is in small letters, as it is compared.
"""

from collections.abc import Iterable, Iterator

SHORTEST, LONGEST = 12, 24


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# What people write first: of themselves, of the machine, of what they love; and what our trade is about.
WORDS = _words(
    """
    password passwort kennwort passcode passphrase mypassword meinpasswort pass login signin anmeldung zugang access
    welcome willkommen hello hallo guest gast admin administrator admins root system server computer internet
    network netzwerk windows microsoft google facebook linkedin samsung iphone android test testtest tester default
    standard secret geheim private privat security sicherheit changeme letmein trustno1 master shadow superman
    batman spiderman starwars pokemon minecraft playstation nintendo transformers superstar rockstar dragon drache
    monkey tiger lion loewe eagle adler falcon panther wolf pferd schatz schatzi sonne sonnenschein sunshine
    princess prinzessin prince prinz angel engel flower blume butterfly schmetterling rainbow regenbogen chocolate
    schokolade cookie banana banane orange cherry kirsche strawberry erdbeere peanutbutter kartoffel coffee kaffee
    football fussball baseball basketball hockey tennis soccer champion bayern dortmund schalke liverpool manchester
    arsenal chelsea barcelona realmadrid hamburg berlin muenchen frankfurt stuttgart koeln deutschland germany
    austria oesterreich schweiz england london newyork america europa europe mercedes porsche ferrari volkswagen
    harley yamaha family familie mother father mutter vater friends freunde forever freedom freiheit happy lucky
    summer sommer winter herbst autumn spring fruehling january february march april june july august september
    october november december januar februar maerz juni juli oktober dezember monday tuesday wednesday thursday
    friday saturday sunday montag dienstag mittwoch donnerstag freitag samstag sonntag birthday geburtstag christmas
    weihnachten easter ostern michael thomas andreas stefan christian alexander daniel martin peter sebastian
    matthias patrick jessica jennifer sandra nicole christine susanne michelle charlie jordan ashley robert william
    joshua anthony matthew nicholas jonathan elizabeth company firma office buero work arbeit manager chef boss team
    user benutzer kunde customer client supplier lieferant vendor portal procurement purchasing purchase einkauf
    beschaffung order orders bestellung bestellungen auftrag delivery lieferung lieferschein shipping shipment
    versand warehouse lager logistics logistik transport spedition invoice rechnung rechnungen buchhaltung
    accounting accounts payable finance finanzen payment zahlung money geld bank konto sales vertrieb verkauf
    production produktion factory fabrik werk machine maschine steel stahl metal metall plastic kunststoff pump
    pumpe valve ventil screw schraube bolt tool werkzeug quality qualitaet engineering technik service export import
    project projekt business geschaeft enterprise industrie industry
    """
)

PHRASES = _words(
    """
    iloveyou iloveyousomuch iloveyouforever ilovemyfamily ilovemymom ilovemydad ilovemylife ilovemywife ilovemydog
    ichliebedich ichliebedichsosehr ichhassedich ihateyou ihatemyjob jesuslovesme ingodwetrust godislove jesuschrist
    letmeinplease letmeinnow openthedoor opensesame sesamoeffnedich whatismypassword thisismypassword
    dasistmeinpasswort meinpasswortist iforgotmypassword passwortvergessen forgotpassword yourpassword temppassword
    newpassword neuespasswort oldpassword firstpassword adminpassword rootpassword userpassword testpassword
    passwordpassword passwortpasswort defaultpassword securepassword sicherespasswort strongpassword longpassword
    mysecretpassword secretpassword geheimespasswort supersecret supergeheim strenggeheim topsecret nopassword
    keinpasswort nichtknacken changemenow changethis pleasechangeme bitteaendern welcomehome herzlichwillkommen
    gutenmorgen guterletzte helloworld hellohello hallowelt hallohallo whatever123 leavemealone manchesterunited
    realmadridcf bayernmuenchen borussiadortmund werderbremen starwarsfan maytheforce winteriscoming gameofthrones
    harrypotter lordoftherings spongebobsquare hellokitty michaeljackson justinbieber jamesbond007 counterstrike
    needforspeed finalfantasy residentevil callofduty worldofwarcraft leagueoflegends sonyericsson mercedesbenz
    alfaromeo bmwbmwbmw neworleans sanfrancisco losangeles newyorkcity unitedstates christopher cosmopolitan
    supernatural professional international motherfucker heterosexual cookiemonster peanutbutter onedirection
    hannahmontana avrillavigne fallenangel darkangel stratocaster administrator kartoffelpuffer kartoffelsalat
    supplierportal lieferantenportal purchaseorder bestellnummer deliverynote warehouse1 accountspayable
    correcthorse abcdefghijkl abcdefghijklm abcdefghijklmnop abcdefghijklmnopqrstuvwxyz
    """
)

# How a keyboard lies: rows of the English, German and French one, columns, and both ways between two rows.
WALKS = _words(
    """
    1234567890 0987654321 qwertyuiop poiuytrewq qwertzuiop poiuztrewq azertyuiop poiuytreza asdfghjkl lkjhgfdsa
    qsdfghjklm zxcvbnm mnbvcxz yxcvbnm mnbvcxy 1qaz2wsx3edc4rfv5tgb6yhn 1qay2wsx3edc4rfv5tgb6zhn
    zaq1xsw2cde3vfr4bgt5 yaq1xsw2cde3vfr4bgt5 qazwsxedcrfvtgbyhn qaywsxedcrfvtgbzhn qazxswedcvfrtgbnhy
    1q2w3e4r5t6y7u8i9o0p 1q2w3e4r5t6z7u8i9o0p q1w2e3r4t5y6u7i8o9p0 q1w2e3r4t5z6u7i8o9p0 1a2s3d4f5g6h7j8k9l qweasdzxc
    qweasdyxc zxcasdqwe yxcasdqwe qazqazqaz wsxwsxwsx qwerasdfzxcv qwerasdfyxcv asdfqwer 147258369 963852741 159753
    789456123 123654789 741852963 abcdefghijklmnopqrstuvwxyz zyxwvutsrqponmlkjihgfedcba a1b2c3d4e5f6g7h8i9
    1a2b3c4d5e6f7g8h9 abc123 abcd1234 aabbccddeeff qwe123 asd123 zxc123 123qwe 123abc 1234abcd 1234qwer q1w2e3
    1q2w3e 1qaz2wsx qwerty qwertz azerty asdfgh asdf qwer zxcv yxcv
    """
)

TAILS = (
    *("1", "2", "7", "01", "11", "12", "21", "22", "69", "77", "88", "99", "100", "007"),
    *("1234567890123"[:length] for length in range(3, 14)),
    *("987654321"[:length] for length in range(3, 10, 3)),
    *(digit * 3 for digit in "0123456789"),
    *(str(year) for year in range(1980, 2036)),
    *("abc", "qwerty", "qwertz", "1q2w3e"),
)
ENDS = ("", "!", "!!", ".")
JOINTS = ("", "-", "_", ".", "!", "@", " ")
CAREFUL = (str.maketrans("o", "0"), str.maketrans("ao", "@0"), str.maketrans("aeios", "@310$"))


def common_passwords() -> set[str]:
    """All of them: some fifty thousand."""
    return {one for one in _made() if SHORTEST <= len(one) <= LONGEST}


def _made() -> Iterator[str]:
    yield from _counted()
    yield from _walked()
    for word in (*WORDS, *PHRASES):
        yield from _said_again(word)
        yield from (word + tail for tail in TAILS)
        yield from (word + end for end in ENDS)
    for word in WORDS:
        yield from (word + year + end for year in _YEARS for end in ENDS[1:])
    for word in WORDS[:40]:
        for written in (word.translate(careful) for careful in CAREFUL):
            yield from (written + tail + end for tail in TAILS for end in ("", "!"))


_YEARS = [str(year) for year in range(2020, 2031)]


def _counted() -> Iterator[str]:
    """Figures: counted up and down, one again and again, a few again and again, in pairs."""
    up, down = "1234567890" * 3, "9876543210" * 3
    for start in range(10):
        for length in range(SHORTEST, LONGEST + 1):
            yield up[start : start + length]
            yield down[start : start + length]
    yield from (
        "1234567891011",
        "123456789101112",
        "12345678987654321",
        "1234567890987654321",
        "010203040506",
    )
    for piece in (f"{number:0{width}}" for width in (1, 2, 3) for number in range(10**width)):
        yield from _repeated(piece)
    for letter in "abcdefghijklmnopqrstuvwxyz":
        yield from _repeated(letter)
    for start in range(10):
        row = "".join(str((start + step) % 10) * 2 for step in range(12))
        yield from (row[:length] for length in range(SHORTEST, len(row) + 1, 2))


def _walked() -> Iterator[str]:
    """Along the keys: as far as one gets, there and back, again, from one row into the next, and counted on."""
    for walk in WALKS:
        yield from (walk[:length] for length in range(SHORTEST, len(walk) + 1))
        yield walk + walk[::-1]
        yield from _repeated(walk)
        for length in range(4, min(len(walk), 12) + 1):
            yield from _repeated(walk[:length])
            yield from (walk[:length] + tail for tail in TAILS[:28])
        yield from (walk + other for other in WALKS)
    for digits in ("123", "1234", "12345", "123456", "1234567", "12345678", "123456789", "1234567890"):
        yield from (digits + walk[:length] for walk in WALKS for length in (3, 4, 5, 6, 10))


def _said_again(word: str) -> Iterable[str]:
    """The word twice and more, with a sign between, backwards, and there and back."""
    yield from _repeated(word)
    yield from (joint.join((word, word)) for joint in JOINTS)
    yield word[::-1]
    yield word + word[::-1]


def _repeated(piece: str) -> Iterator[str]:
    for times in range(2, LONGEST // len(piece) + 1):
        yield piece * times
        yield (piece * times)[: LONGEST if len(piece) == 1 else SHORTEST]
