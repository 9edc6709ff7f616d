"""Words that business mails are full of and that never change what promised: no subject, no deed, no doubt.

A word belongs here only if a sentence with it means the same promise as the sentence without it. Words of other business
(*visit, sample, offer, invoice*), of other deeds (*cast, test, load*) and of time gone by (*got, ran, finished*) do not.
German endings are taken off before a word looked up, and so the English plural.
"""

ENGLISH = frozenset(
    # small words
    "the and are for our you your has have had was were will not but all any can may its his her him she who how why too yet via per than that this these those them they their there"
    " here then when where while which what whom whose with within without would could should shall must might from into onto upon over under after before about above below again against"
    " also although always among amongst another around because been being both each either else even ever every few first forth further hence how however indeed instead itself just least"
    " less like likewise many meanwhile more moreover most mostly much myself namely near nearly neither never nevertheless next nor nothing now off often once one ones only other others"
    " otherwise ourselves out own perhaps quite rather really respectively same second several since some something somewhat soon still such theirs themselves therefore third though through"
    " throughout thus together toward towards two three four five six seven eight nine ten twelve twenty until unless unlike usual very well whatever whenever wherever whether whoever whole"
    " yours yourself yourselves let lets got get gets getting does did done doing don isn aren won let's it's that's we'll you'll they'll"
    # greetings, thanks, manners
    " hello dear good morning afternoon evening day days thank thanks thankyou please kindly kind kindest best warm regards regard regarding concerning regret regretfully sorry apologies apologise apologize apology"
    " afraid unfortunately sadly luckily fortunately happy glad pleased pleasure hope hopes wish sincerely truly yours faithfully cheers greetings respectfully respected sir madam maam sirs mister team folks guys"
    " colleague colleagues friend inconvenience inconveniences understanding understand patience trouble caused bear cooperation support appreciate appreciated attention note noted notice notes noting"
    " reference refer referring above-mentioned abovementioned captioned mentioned subject fyi info information inform informed advise advised advice herewith hereby regards attached enclosed following follows"
    " below further question email mail message today's yesterday's quick short brief briefly bit lot lots news bad honest honestly frankly actually basically simply sure surely certainly definitely absolutely of-course course"
    " fact anyway besides by-the-way way clear clearly obviously apparently course least rest keep keeps keeping find confirm able unable grand love lovely grateful bear sake truth cordially esteemed goodself self"
    # time words that only place what said
    " today tonight tomorrow now currently presently moment minute week weeks month months year years day days time times date dates early late latest mid middle end noon midday morning"
    " already eventually finally immediately shortly directly straight quickly recently meantime"
    " january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday easter christmas"
    # the order and its goods
    " order orders ordered line lines item items position positions article articles part parts piece pieces pcs unit units quantity quantities qty goods product products material materials stuff batch lot number numbers"
    " code type size sizes length width colour color grade kind sort version model requirement requirements request requested schedule scheduled schedules planned plan delivery deliveries shipment shipments partial"
    " consignment despatch dispatch supply stock warehouse store stores shelf full complete completely entire total remaining balance split splits separate separately consecutive"
    " black white red green blue grey gray yellow brown orange silver steel brass bronze copper aluminium aluminum stainless zinc nylon rubber plastic wood wooden timber cardboard paper glass cast iron"
    " small large big long short thick thin wide heavy light round square inch metric left right upper lower single double"
    " identical equal functionally functional fully compatible interchangeable equivalent fit fits function quality finish cover core dimension dimensions technical technically"
    # how it packed and carried
    " carton cartons box boxes bag bags pallet pallets drum drums roll rolls reel reels crate crates sack sacks bundle bundles case cases tray trays container containers pack packs sleeve sleeves tin tins can cans bucket buckets"
    " truck trucks lorry van vehicle trailer carrier carriers courier forwarder forwarders haulier hauliers driver freight transport air sea road rail vessel port customs clearance clear express"
    " dhl ups fedex tnt dpd schenker kuehne nagel dachser gls maersk msc"
    " dock door premises depot address deliver"
    # why it late
    " due owing because cause causes caused reason reasons problem problems issue issues delay delays breakdown broken broke down failure fault faulty scrap scrapped reject rejects crack cracked shortage shortages short lack"
    " missing capacity capacities backlog busy overload overloaded bottleneck strike storm snow flood flooding  fire power cut cuts outage electricity covid sick sickness illness ill absent staff shift shifts overtime"
    " machine machines machinery press furnace oven kiln mill foundry forge line plant factory works workshop production"
    " supplier suppliers vendor vendors manufacturer manufacturers producer subcontractor subcontractors sub-contractor sub-supplier pre-supplier maker mother headquarters plater platers plating galvaniser galvanizer galvanising galvanizing anodiser"
    " anodizer anodising anodizing coating coater painter painting grinding turning milling welding hardening heat treatment treating machining casting castings forging forgings moulding molding assembly component components"
    " raw wire rod bar sheet tube resin compound granulate yarn fabric rubber blank blanks coil coils body bodies bearing bearings hopper line again behind stuck hung slow slower tight delayed late"
    " world-wide worldwide global market situation current demand allocation china asia europe germany italy india turkey taiwan ningbo shanghai hamburg rotterdam antwerp felixstowe"
    # speaking of how sure one of one's own house
    " production planning planner planners logistics shop floor shopfloor office sales purchasing accounts manager boss colleague engineer engineers foreman workshop team department dept planner"
    " good great fine perfect okay nice easy simple extra additional different little slight slightly much better worse nothing everything anything something"
    " make makes making take takes give gives giving put puts running go goes going come comes coming see sees let lets want wants need needs needed try tries help helps use using arrange arranged"
    " manage managed receive receives receiving get bring brings hold holds stay stays remain remains become becomes mean means know ask asked check checked checking looked looks look found find seems set sets"
    " new old side anymore acknowledge area ahead build discuss discussed joy replaced replace heads partner system effect effective status source steep rates boxed altogether according tell say dates prices terms night network hauliers palletways fedex final voicemail phone telephone conversation telecon outstanding last revise amend pig held letting table positively call calendar calender acceptable del telephonically draw kind attention dated weekend surcharge phone telephone conversation telecon outstanding last revise amend metre metres meter meters country open correct valid"
    " requirement accordance accordingly revised appear appears shown wording typo mistake mistaken error errors".split()
)
GERMAN = frozenset(
    # kleine Wörter
    "der das den dem ein eine einer eines einem einen und oder aber als also am an auch auf aus bei beim bis da dabei dadurch dafür damit danach daran darauf daraus darin darüber darum dass daß davon dazu"
    " dein dem denen denn dennoch deren deshalb dessen deswegen dich diese dieser dieses diesem diesen diesmal dir doch dort du durch eben ebenfalls ebenso eher eigentlich einfach einige einiges einmal einzig er erst es etwas euch euer eure"
    " ferner fest für gar ganz ganze gegen genau genauso gerade gern gerne gleich gleiche gleichen gleicher gleiches hat hatte haben habe hier hierbei hierfür hierzu hiermit hin hinten hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im immer in indem"
    " infolge inkl inklusive innerhalb insgesamt ist ja je jede jeder jedes jedem jeden jedenfalls jedoch jener jetzt kann kannst können könnt man manche mehr mehrere mein meine mich mir mit mittlerweile muss müssen müsst nach nachdem"
    " nämlich natürlich neben neu neue neuen neuer neues nicht nichts noch nochmal nochmals nun nur ob obige oben ohne per pro samt schon scho sehr sein seine seit seitens selbst selbstverständlich sich sie sind so sobald sofern sogar solange solche somit sondern sonst"
    " sowie sowieso sowohl statt stets teils trotz trotzdem über übrigens um ums uns unser unsere unserem unseren unserer unter unten vom von vor voran vorab vorerst während wann war waren warum was wegen weil weiter weitere weiteren weiterer weiterhin welche wenig weniger"
    " wenn wer werden werde wird wirst wie wieder wir wird wo wobei wofür wohin worden wurde wurden wozu zu zuerst zufolge zum zumal zumindest zunächst zur zurzeit zusammen zusätzlich zwar zwei drei vier fünf sechs sieben acht neun zehn zwischen"
    " beide beiden beides halb halbe ander andere anderen anderer anderes alle allen aller alles allem jeweils sämtliche sämtlicher bereits bisher inzwischen zwischenzeitlich"
    # Gruß, Dank, Höflichkeit
    " hallo moin servus tag morgen guten gruß grüße grüßen grüß gott liebe lieber geehrte geehrter geehrten sehr dame damen herr herren herrn frau dank danke vielen besten herzlichen herzlich herzliche bitte bitten ersuchen leider bedauerlicherweise bedauern"
    " bedauere entschuldigen entschuldigung entschuldige verzeihung verständnis unannehmlichkeit unannehmlichkeiten umstände hoffe freundlich freundliche freundlichen schön schöne gute guter gutes gut schlecht schlechte nachricht nachrichten mail email e-mail info information"
    " kurz kurze kurzer ehrlich ehrlicherweise offen gesagt wissen wissens weiß bezug bezugnehmend bezüglich hinsichtlich betreff betreffend betrifft anbei anliegend beigefügt folgend folgende folgender folgendes nachfolgend nachstehend untenstehend obenstehend mitteilen"
    " informieren teilen teile mit sagen sage melden kollege kollegen kollegin team chef anfang klar bestens ok okay positiv positive erfreulich erfreulicherweise versprochen verehrte werte werter"
    # Zeit, nur einordnet
    " heute heut morgen gestern abend mittag vormittag nachmittag früh spät spätestens woche wochen monat monate monats jahr jahres anfang mitte ende jänner januar februar märz april mai juni juli august september oktober november dezember montag dienstag mittwoch donnerstag freitag samstag sonntag"
    " ostern pfingsten weihnachten momentan derzeit aktuell aktuelle aktueller gegenwärtig demnächst bald sofort umgehend direkt dann damals zeit zeitnah zeitlich kalenderwoche"
    # Bestellung und ihre Ware
    " bestellung bestellungen bestellte bestellten bestellter auftrag auftrags aufträge order position positionen pos artikel teil teile stück stücke stückzahl menge mengen ware waren sendung lieferung lieferungen teillieferung teillieferungen teilmenge teilmengen restmenge rest"
    " nummer nummern material lager lagerbestand bestand versand wunsch wunschgemäß gewünscht gewünschte gewünschten angabe angaben ihrerseits unsererseits größe farbe länge breite ausführung type typ sorte qualität maße masse abmessung abmessungen baugleich baugleiche identisch identische"
    " gleichwertig technisch anschluss schwarz weiß weiss rot grün blau grau gelb braun silber stahl messing bronze kupfer aluminium edelstahl zink gummi kunststoff holz pappe papier glas groß große klein kleine kleiner kleinere lang dick dünn breit schwer leicht rund"
    " erste ersten erster zweite zweiten zweiter dritte dritten letzte letzten letzter übrige übrigen restliche restlichen komplett komplette kompletten vollständig vollständige gesamt gesamte gesamten voll volle voller einzeln einzelne getrennt separat los lose losen charge chargen"
    # Packen und Fahren
    " karton kartons kiste kisten palette paletten fass fässer sack säcke rolle rollen gebinde gebinden dose dosen kanister bund bunde schachtel schachteln beutel eimer behälter container bündel lkw lastwagen laster wagen fahrer fahrzeug spedition spediteur paketdienst kurier express"
    " bahn luft luftfracht seefracht schiff hafen zoll zollabfertigung dhl ups fedex gls dpd tnt dachser schenker post tor rampe hof haus adresse lieferadresse versandanschrift anschrift gefahrgut"
    # warum es später wird
    " grund gründe wegen aufgrund infolge ursache problem probleme problemen verzögerung verzögerungen verspätung störung störungen ausfall ausgefallen defekt kaputt bruch gebrochen gerissen riss ausschuss schrott verschrottet krank krankheit krankheitswelle krankheitsbedingt grippe grippewelle streik"
    " unwetter hochwasser schnee sturm brand stromausfall strom energie engpass engpässe materialengpass rohstoffmangel rohstoff rohstoffe mangel knapp knappheit kapazität kapazitäten kapazitätsengpass auslastung ausgelastet überlastet überlastung maschine maschinen maschinenschaden maschinenschadens"
    " anlage anlagen ofen presse werk werke werkstatt fertigung produktion sonderfertigung schicht schichten überstunden personal personalmangel kurzarbeit umbau umstellung"
    " lieferant lieferanten vorlieferant vorlieferanten unterlieferant zulieferer hersteller herstellers produzent verzinker verzinkerei galvanik härterei lackiererei gießerei schmiede walzwerk presswerk stahlwerk beschichter beschichtung verzinkung lackierung wärmebehandlung härten bearbeitung montage schweißen"
    " granulat harz draht blech stange rohr profil guss gussteil gussteile rohling rohlinge rohteil rohteile markt marktlage weltweit lage situation umständen dreherei fräserei stanzerei druckerei näherei weberei schreinerei sägewerk"
    " hängt hängen steht stehen liegt liegen fehlt fehlte gestanden schief nötig nötige notwendig notwendige zusätzliche mehraufwand"
    # eigenes Haus
    " disposition dispo arbeitsvorbereitung vertrieb einkauf innendienst logistik lagerist büro abteilung planung planer betrieb hand haus"
    " macht machen mache mach gemacht geben gebe gibt nehmen nehme sehen sehe sieht schauen lassen lasse lässt stellen stelle brauchen bekommen bekomme bekommt bekommst kriegen kriege kriegt kriegst erhalten erhältst sollen soll wollen will möchte möchten dürfen darf mögen tun tut passieren bleiben bleibe"
    " heißt heisst bedeutet gilt gelten läuft laufen eingeplant einplanen eingetaktet zugehen laut gemäß gemäss entsprechend entsprechende vereinbart vereinbarte besprochen wie sowas"
    " fehlen mal fehler akzeptabel achtung netto versehentlich fällt hab vorgesehen mitgeschickt ausgeliefert terminverschiebung richtig richtige ausnahmsweise telefonisch verrechnen nachfertigung lohnt ändern gehalten eingehalten zugesagt zusagen gerechnet"
    " bestellt erhältlich genannt genannte genannten angegeben angegebenen preis preise preisen termin termine terminen kondition konditionen mitgeben gebrüder flach künftig meldet gemeldet abweichung abrufe abrufen ersatzlos hiervon davon berührt schieben vollinhaltlich ergibt zollbeschau jahreswechsel lkw angefallen eingeschlichen zweimal doppelt umgehend".split()
)
# German writes two nouns as one; the last says what it is. Only heads that are nobody's other business.
COMPOUND_HEADS = tuple(
    "lieferant lieferanten hersteller herstellers mangel mangels engpass engpasses engpässe schaden schadens ausfall ausfalls ausfälle problem probleme problemen maschine maschinen anlage anlagen palette paletten karton kartons kiste kisten rolle rollen"
    " werk werks gießerei verzinkerei härterei druckerei schreinerei schmiede position positionen menge mengen bestellung bestellungen stück stücke artikel artikels bestand bestands bestände knappheit verzögerung verzögerungen verspätung versand versands bedingt bruch bruchs zuschlag zuschlags zuschläge".split()
)
