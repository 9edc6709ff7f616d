"""Names of goods in two languages: an order may say `ball valve` where its supplier writes `Kugelhahn`.

Each pair is an English phrase and a German word. A German word also stands for what ends with it (*Hydraulikschlauch*).
"""

PAIRS: tuple[tuple[str, str], ...] = tuple(
    (english.strip(), german.strip())
    for english, german in (
        pair.split("=")
        for pair in (
            "ball valve=kugelhahn;check valve=rückschlagventil;gate valve=schieber;butterfly valve=absperrklappe;valve=ventil;tap=hahn;hose=schlauch;tubing=schlauch;tube=rohr;pipe=rohr;fitting=verschraubung;coupling=kupplung;flange=flansch;gasket=dichtung"
            ";flange gasket=flanschdichtung;seal=dichtung;shaft seal=wellendichtring;oil seal=wellendichtring;o-ring=o-ring;seal ring=dichtring;ring=ring;strainer=schmutzfänger;filter=filter;filter cartridge=filterpatrone;filter element=filtereinsatz;cartridge=patrone"
            ";housing=gehäuse;bearing housing=lagergehäuse;bearing=lager;ball bearing=kugellager;roller bearing=rollenlager;pump=pumpe;impeller=laufrad;motor=motor;gear=zahnrad;gearbox=getriebe;sprocket=kettenrad;chain=kette;belt=riemen;pulley=riemenscheibe;shaft=welle;bush=buchse;bushing=buchse;sleeve=hülse;spacer=distanzring;bolt=bolzen;pin=stift"
            ";screw=schraube;bolt=schraube;hex bolt=sechskantschraube;nut=mutter;washer=scheibe;washer=unterlegscheibe;rivet=niete;nail=nagel;threaded rod=gewindestange;stud=stehbolzen;anchor=dübel;spring=feder;compression spring=druckfeder;tension spring=zugfeder;extension spring=zugfeder;torsion spring=schenkelfeder;clip=klammer;clamp=spanner;toggle clamp=schnellspanner;clamp=schelle"
            ";bracket=konsole;bracket=winkel;bracket=halter;plate=platte;cover plate=abdeckplatte;cover=deckel;cover=abdeckung;lid=deckel;cap=kappe;cap=verschluss;plug=stopfen;handle=griff;bow handle=bügelgriff;lever=hebel;knob=knopf;handwheel=handrad;wheel=rad;castor=rolle;caster=lenkrolle;hinge=scharnier;latch=verschluss;lock=schloss;hook=haken;eye bolt=ringschraube;foot=fuß;frame=rahmen;profile=profil"
            ";casting=gussteil;forging=schmiedeteil;sheet=blech;sheet=platte;bar=stange;rod=stange;wire=draht;cable=kabel;cable gland=kabelverschraubung;gland=verschraubung;trunking=kabelkanal;lead=leitung;extension lead=verlängerung;terminal=klemme;terminal block=reihenklemme;circuit breaker=leitungsschutzschalter;switch=schalter;button=taster;relay=relais;contactor=schütz;fuse=sicherung;sensor=sensor;sensor=fühler;gauge=manometer;transmitter=messumformer;driver=treiber;panel=platte;lamp=leuchte;light=leuchte;fan=lüfter;fan guard=schutzgitter;blower=gebläse;heater=heizung;transformer=transformator;battery=batterie;plug=stecker;socket=steckdose;connector=steckverbinder"
            ";box=karton;carton=karton;folding carton=faltkarton;crate=kiste;export crate=exportkiste;pallet=palette;bag=beutel;sack=sack;drum=fass;bottle=flasche;can=kanister;jerry can=kanister;label=etikett;tape=klebeband;adhesive tape=klebeband;ribbon=farbband;stretch film=stretchfolie;bubble wrap=luftpolsterfolie;film=folie;foil=folie;wedge=keil;board=brett;plywood=sperrholz;foam=schaumstoff"
            ";paint=lack;powder coating=pulverlack;primer=grundierung;topcoat=decklack;thinner=verdünnung;varnish=lack;adhesive=klebstoff;glue=kleber;resin=harz;hardener=härter;sealant=dichtstoff;cleaner=reiniger;grease=fett;oil=öl;acid=säure;citric acid=zitronensäure;solvent=lösungsmittel;sign=schild;nameplate=typenschild;mesh=gitter;mesh panel=gittermatte;fabric=gewebe;rope=seil;glove=handschuh;tool=werkzeug;drill=bohrer;blade=messer;knife=messer;brush=bürste;insulation=isolierung;bellows=faltenbalg;damper=dämpfer;buffer=puffer;grommet=durchführung;nozzle=düse;cylinder=zylinder;piston=kolben;tank=behälter;container=behälter;basket=korb;table=tisch;rack=regal"
        ).split(";")
    )
)
