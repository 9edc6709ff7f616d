"""The families of goods the demo company buys, as a table people can read and add to.

A family is one line: number, text, unit, price, usual quantity, pack. `{s}` stands for a size, `{v}` and
`{w}` for the code and the words of a variant. Each size and variant carries the factor by which it moves the
price.
"""

ASSORTMENT = """
[valves]
BV2-DN{s}-{v} | Ball valve, 2-piece, DN{s}, {w}, PTFE seat | PCS at 5.2, usually 200
  sizes 8=1 10=1.1 15=1.3 20=1.6 25=1.9 32=2.6 40=3.4 50=4.9
  variants 316 = AISI 316 x 1; BR = brass, nickel plated x 0.62
BV3-DN{s}-{v} | Ball valve, 3-piece, DN{s}, AISI 316, {w} | PCS at 17, usually 60
  sizes 15=1 20=1.2 25=1.5 32=2 40=2.6 50=3.5 65=5.1 80=7.2
  variants BW = butt weld x 1; TH = threaded Rp x 0.94
GV-DN{s}-{v} | Gate valve, DN{s}, {w}, flanged PN16 | PCS at 22, usually 40
  sizes 40=1 50=1.2 65=1.5 80=1.9 100=2.5 125=3.4 150=4.4 200=7.1
  variants CI16 = cast iron x 1; DI16 = ductile iron, resilient seat x 1.35
CV-SW-DN{s}-{v} | Swing check valve, DN{s}, {w}, PN16 | PCS at 6.3, usually 120
  sizes 15=1 20=1.2 25=1.4 32=1.7 40=2 50=2.7
  variants BR = brass x 1; 316 = AISI 316 x 2.3
BFV-DN{s}-{v} | Butterfly valve, DN{s}, {w}, EPDM liner, lever | PCS at 24, usually 30
  sizes 50=1 65=1.1 80=1.3 100=1.6 125=2 150=2.5 200=3.7
  variants W = wafer type x 1; L = lugged type x 1.25
NV-{s}-316 | Needle valve, {s} in NPT, AISI 316, 6,000 psi | PCS at 15, usually 60
  sizes 1/8=1 1/4=1.1 3/8=1.25 1/2=1.5 3/4=2
YS-DN{s}-316 | Y-strainer, DN{s}, AISI 316, 0.8 mm screen | PCS at 11, usually 60
  sizes 15=1 20=1.2 25=1.4 32=1.65 40=2.1 50=2.8
ACT-{v}-F{s} | Pneumatic actuator, {w}, F{s} | PCS at 58, usually 20
  sizes 03=1 04=1.1 05=1.3 07=1.8 10=2.9
  variants DA = double acting x 1; SR = spring return x 1.4
SK-BV2-DN{s} | Seat kit, PTFE, for BV2-DN{s} | SET at 0.8, usually 300, pack of 20
  sizes 8=1 10=1 15=1.1 20=1.3 25=1.5 32=1.8 40=2.2 50=2.9
[fittings]
EL90-{s}-{v} | Elbow 90°, {s} in, {w}, threaded | PCS at 1.1, usually 400, pack of 10
  sizes 1/4=1 3/8=1.2 1/2=1.5 3/4=2 1=2.9 1-1/4=4.2
  variants GM = malleable iron, galvanised x 1; 316 = AISI 316 x 2.4
TEE-{s}-{v} | Equal tee, {s} in, {w}, threaded | PCS at 1.5, usually 300, pack of 10
  sizes 1/4=1 3/8=1.2 1/2=1.5 3/4=2 1=2.9 1-1/4=4.2
  variants GM = malleable iron, galvanised x 1; 316 = AISI 316 x 2.4
FL-DN{s}-PN16 | Companion flange, DN{s}, PN16, steel P250GH | PCS at 7.4, usually 96
  sizes 25=1 32=1.2 40=1.4 50=1.7 65=2.1 80=2.6 100=3.2 150=5.4
CRF-{s} | Compression fitting, straight, {s} mm tube, brass | PCS at 1.6, usually 250, pack of 25
  sizes 6=1 8=1.2 10=1.4 12=1.7 15=2 22=3.1
NIP-{s}-{v} | Hexagon nipple, {s} in, {w} | PCS at 0.9, usually 400, pack of 10
  sizes 1/4=1 3/8=1.2 1/2=1.5 3/4=2 1=2.9 1-1/4=4.2
  variants GM = malleable iron, galvanised x 1; 316 = AISI 316 x 2.4
UNI-{s}-{v} | Union, conical, {s} in, {w} | PCS at 2.2, usually 150, pack of 10
  sizes 1/4=1 3/8=1.2 1/2=1.5 3/4=2 1=2.9 1-1/4=4.2
  variants GM = malleable iron, galvanised x 1; 316 = AISI 316 x 2.4
SOC-{s}-{v} | Socket, {s} in, {w} | PCS at 0.8, usually 400, pack of 10
  sizes 1/4=1 3/8=1.2 1/2=1.5 3/4=2 1=2.9 1-1/4=4.2
  variants GM = malleable iron, galvanised x 1; 316 = AISI 316 x 2.4
CAP-{s}-{v} | Cap, {s} in, {w} | PCS at 0.7, usually 200, pack of 10
  sizes 1/4=1 3/8=1.2 1/2=1.5 3/4=2 1=2.9 1-1/4=4.2
  variants GM = malleable iron, galvanised x 1; 316 = AISI 316 x 2.4
[pumps]
CP-{s} | Circulation pump, {s}, 230 V, cast iron | PCS at 148, usually 6
  sizes 25-40=1 25-60=1.2 32-60=1.4 32-80=1.7 40-120=3.1
SP-{s}-{v} | Submersible drainage pump, {s} W, {w} | PCS at 96, usually 8
  sizes 250=1 400=1.2 750=1.7 1100=2.3
  variants F = with float switch x 1; M = manual x 0.9
DP-{s}-{v} | Air-operated diaphragm pump, {s} in, {w} | PCS at 410, usually 3
  sizes 1/2=1 1=1.6 1-1/2=2.6
  variants PP = polypropylene, Santoprene x 1; AL = aluminium, NBR x 1.1
MS-{s}-{v} | Mechanical seal, {s} mm shaft, {w} | PCS at 21, usually 40
  sizes 12=1 16=1.1 20=1.25 25=1.5 32=1.9 40=2.6
  variants CC = carbon on ceramic, NBR x 1; SS = SiC on SiC, FKM x 2.7
[bearings]
{s}-{v} | Deep groove ball bearing {s}, {w} | PCS at 1.4, usually 300, pack of 10
  sizes 6000=1 6001=1.05 6002=1.2 6003=1.3 6004=1.6 6005=1.9 6006=2.4 6200=1.1 6201=1.2 6202=1.3 6203=1.5
  6204=1.9 6205=2.2 6206=3 6207=4.1 6208=5.2 6304=2.6 6305=3.3 6306=4.5
  variants 2RS = rubber seals, C3 x 1; 2Z = steel shields x 0.95; OP = open x 0.9
{s} | Tapered roller bearing {s} | PCS at 5.2, usually 60
  sizes 30203=1 30204=1.2 30205=1.3 30206=1.7 30207=2.2 30208=2.6 32005=1.5 32006=1.9
UCP{s} | Pillow block bearing UCP {s}, cast iron | PCS at 7.9, usually 40
  sizes 204=1 205=1.1 206=1.4 207=1.9 208=2.3 210=3.4 212=5
LM{s}UU | Linear ball bearing, {s} mm shaft, sealed | PCS at 2.7, usually 80
  sizes 8=1 10=1.3 12=1.5 16=1.9 20=2.4 25=3.9 30=5.2
NU{s} | Cylindrical roller bearing NU {s} | PCS at 14, usually 24
  sizes 204=0.8 205=0.9 206=1.1 207=1.4 208=1.7 210=2.2 212=3.3
[fasteners]
HB933-{s}-{v} | Hexagon bolt ISO 4017, {s}, {w} | PCS at 4.6 per 100, usually 2000, pack of 100
  sizes M6x20=1 M6x30=1.15 M8x20=1.8 M8x30=2.1 M8x40=2.5 M10x30=3.9 M10x40=4.4 M10x60=5.8 M12x40=6.4
  M12x60=8.2 M16x50=14 M16x80=19 M20x60=27 M20x100=39 M6x40=1.3 M6x50=1.5 M8x50=2.9 M8x60=3.3 M10x80=7.1
  M12x30=5.6 M12x80=10 M16x60=16
  variants 88Z = 8.8 zinc plated x 1; A2 = stainless A2-70 x 2.1; A4 = stainless A4-70 x 3
HN934-{s}-{v} | Hexagon nut ISO 4032, {s}, {w} | PCS at 1.9 per 100, usually 3000, pack of 100
  sizes M5=0.7 M6=1 M8=1.7 M10=3 M12=4.4 M16=8.6 M20=17
  variants 8Z = class 8 zinc plated x 1; A2 = stainless A2 x 2; A4 = stainless A4 x 2.9
W125-{s}-{v} | Plain washer ISO 7089, {s}, {w} | PCS at 0.9 per 100, usually 4000, pack of 100
  sizes M5=0.7 M6=1 M8=1.5 M10=2.2 M12=3.3 M16=5.9 M20=9
  variants Z = steel zinc plated x 1; A2 = stainless A2 x 2.2; A4 = stainless A4 x 3.1
SC912-{s}-{v} | Socket cap screw ISO 4762, {s}, {w} | PCS at 6.1 per 100, usually 1000, pack of 100
  sizes M4x12=0.7 M5x16=0.9 M6x20=1 M6x30=1.2 M8x25=1.9 M8x40=2.5 M10x40=4.2 M12x50=7
  variants 129 = 12.9 x 1; A2 = stainless A2-70 x 1.9
TR976-{s}-{v} | Threaded rod DIN 976, {s}, 1 m, {w} | PCS at 1.2, usually 100, pack of 10
  sizes M8=1 M10=1.5 M12=2.1 M16=3.9
  variants Z = 4.8 zinc plated x 1; A2 = stainless A2 x 2.8
[seals]
OR-{s}-{v} | O-ring, {s} mm, {w} | PCS at 8 per 100, usually 1500, pack of 50
  sizes 10x2=0.6 12x2=0.7 16x2=0.8 20x3=1 25x3=1.2 30x3=1.4 40x3=1.8 50x3=2.2 63x4=3.4 8x2=0.5 14x2=0.75
  18x2=0.85 22x3=1.1 28x3=1.3 35x3=1.6 45x3=2 56x4=3 80x4=4.4
  variants N70 = NBR 70 x 1; F75 = FKM 75 x 4.2; E70 = EPDM 70 x 1.4
SS-{s}-N | Rotary shaft seal, {s}, NBR, dust lip | PCS at 1.9, usually 150, pack of 5
  sizes 15x30x7=1 20x35x7=1.1 25x42x7=1.3 30x47x7=1.5 35x52x7=1.7 40x62x8=2.2 50x72x8=2.8
FG-DN{s}-{v} | Flange gasket, DN{s}, PN16, {w} | PCS at 0.7, usually 300, pack of 10
  sizes 25=1 32=1.1 40=1.3 50=1.6 80=2.4 100=3 150=4.8
  variants AF = fibre, aramid x 1; GR = graphite, tanged x 2.6; PT = PTFE, filled x 3.8
RS-{s}-{v} | Rubber sheet, {s} mm, {w} | M2 at 14, usually 20
  sizes 2=1 3=1.4 5=2.2 8=3.4
  variants NBR = NBR 60 x 1; EPDM = EPDM 65 x 1.15
VR-{s} | V-ring, NBR, {s} mm shaft | PCS at 0.8, usually 200, pack of 10
  sizes VA16=0.9 VA20=1 VA25=1.1 VA30=1.2 VA40=1.4 VA50=1.7 VA60=2.1
[safety]
GL-{v}-{s} | Glove, {w}, size {s} | PR at 1.3, usually 360, pack of 12
  sizes 7=1 8=1 9=1 10=1 11=1
  variants NF = nitrile foam coated x 1; C5 = cut level D, PU coated x 3.4; LD = leather driver x 4.1; CH
  = chemical, nitrile 38 cm x 2.2; WN = winter, fleece lined x 2.6
GG-{s} | Safety glasses, {s} lens, anti-fog | PCS at 3.4, usually 100, pack of 10
  sizes clear=1 grey=1.05 amber=1.05
HL-{s} | Safety helmet, ratchet, {s} | PCS at 9.8, usually 40, pack of 20
  sizes white=1 yellow=1 blue=1 red=1
RM-{s} | Respirator, {s}, with valve, 10 in a box | BOX at 13, usually 60
  sizes FFP2=1 FFP3=1.7
HV-{v}-{s} | High-visibility {w}, size {s} | PCS at 4.6, usually 60
  sizes M=1 L=1 XL=1 XXL=1.05
  variants V = vest, yellow x 1; J = jacket, lined, orange x 7.5
BT-{v}-{s} | Safety shoe S3, {w}, size {s} | PR at 41, usually 24
  sizes 40=1 41=1 42=1 43=1 44=1 45=1 46=1
  variants L = low x 1; B = boot x 1.12
EP-{s} | Ear plugs, {s}, 200 pairs | BOX at 19, usually 24
  sizes foam=1 corded=1.7
[cable]
H07VK-{s}-{v} | Single core H07V-K, {s} mm², {w} | M at 14 per 100, usually 1200, pack of 100
  sizes 1.5=1 2.5=1.6 4=2.5 6=3.7 10=6.3 16=9.8
  variants BK = black x 1; BU = blue x 1; GNYE = green-yellow x 1.02; BN = brown x 1; RD = red x 1
H07RNF-{s} | Rubber cable H07RN-F, {s} mm² | M at 1.6, usually 250
  sizes 3G1.5=1 3G2.5=1.5 5G2.5=2.4 5G4=3.5 5G6=5
YSLY-{s} | Control cable YSLY-JZ, {s} mm², numbered | M at 0.8, usually 300
  sizes 3G0.75=1 5G0.75=1.5 7G0.75=2 3G1.5=1.7 5G1.5=2.6 12G1=4.4
CAT7-{s} | Industrial Ethernet cable, Cat 7, {s} | M at 1.2, usually 400
  sizes PVC=1 PUR=1.8
[electrical]
CG-{s}-{v} | Cable gland, {s}, {w}, IP68 | PCS at 0.7, usually 400, pack of 50
  sizes M12=1 M16=1.1 M20=1.3 M25=1.8 M32=2.6 M40=4.1
  variants PA = polyamide, grey x 1; MS = brass, nickel plated x 2.9
KM-{s}-{v} | Contactor, {s} A, 3-pole, coil {w} | PCS at 16, usually 25
  sizes 9=1 12=1.1 18=1.4 25=1.8 32=2.5 40=3.6
  variants 24D = 24 V DC x 1.15; 230 = 230 V AC x 1
TB-{s} | Terminal block, {s} mm², push-in, grey | PCS at 58 per 100, usually 500, pack of 50
  sizes 2.5=1 4=1.2 6=1.7 10=2.6
LP-{s} | LED panel lamp, {s}, 24 V | PCS at 4.4, usually 60, pack of 5
  sizes green=1 red=1 white=1 amber=1
MCB-{v}{s} | Miniature circuit breaker, {s} A, {w} | PCS at 4.9, usually 48, pack of 12
  sizes 6=1 10=1 16=1 20=1.05 25=1.1 32=1.2
  variants B = curve B, 1-pole x 1; C = curve C, 1-pole x 1.05
IPS-{s}-{v} | Inductive sensor, {s}, flush, {w} | PCS at 14, usually 30
  sizes M8=1.2 M12=1 M18=1.1 M30=1.5
  variants P = PNP normally open x 1; N = NPN normally open x 1
RL-{s} | Plug-in relay, {s}, 2 changeover | PCS at 5.1, usually 60
  sizes 12VDC=1 24VDC=1 24VAC=1.05 230VAC=1.1
[filters]
HF-{s}-{v} | Hydraulic filter element, {s} l/min, {w} | PCS at 23, usually 24
  sizes 60=1 110=1.4 160=1.8 240=2.4 330=3.1
  variants 10 = 10 µm glass fibre x 1; 25 = 25 µm paper x 0.7
PF-{s}-G4 | Panel air filter G4, {s} mm | PCS at 4.9, usually 80, pack of 6
  sizes 287x592x48=1 592x592x48=1.4 490x592x48=1.3 592x592x96=2
BF-{s}-F7 | Bag filter F7, {s} mm, 6 pockets | PCS at 21, usually 40, pack of 4
  sizes 287x592x534=1 592x592x534=1.5 592x592x635=1.7
WC-{s}-{v} | Water filter cartridge, {s} in, {w} | PCS at 3.2, usually 120, pack of 20
  sizes 10=1 20=1.8
  variants 5 = 5 µm wound x 1; AC = activated carbon x 1.9
[tools]
DR338-{s} | Twist drill HSS-Co, DIN 338, {s} mm | PACK at 9, usually 40
  sizes 3.0=1 4.2=1.2 5.0=1.4 6.0=1.7 6.8=2 8.0=2.6 8.5=2.9 10.0=3.9 10.2=4.1 12.0=6 2.5=0.9 3.3=1.05
  4.0=1.15 4.5=1.25 5.5=1.5 6.5=1.9 7.0=2.2 9.0=3.2 11.0=4.9 13.0=7
SPN-{s} | Combination spanner, {s} mm, chrome vanadium | PCS at 3.1, usually 40
  sizes 8=1 10=1.1 13=1.3 17=1.7 19=1.9 22=2.3 24=2.7 27=3.4 30=4.2
TAP-{s} | Machine tap HSS-E, {s}, DIN 371 | PCS at 9.6, usually 30
  sizes M4=1 M5=1 M6=1.1 M8=1.3 M10=1.7 M12=2.2
HK-{s} | Hex key set, ball end, {s} | SET at 11, usually 30
  sizes 1.5-6=0.7 1.5-10=1 T10-T50=1.2
TQ-{s} | Torque wrench, {s} Nm, certificate | PCS at 86, usually 5
  sizes 5-25=1 20-100=1.05 40-200=1.2 60-320=1.6
SD-{s} | Screwdriver, insulated, {s} | PCS at 4.1, usually 40
  sizes SL3=0.8 SL4=0.9 SL5.5=1 PH1=1 PH2=1.1 PZ1=1 PZ2=1.1 TX20=1.2
EM-{s}-{v} | End mill, {s} mm, 4 flutes, {w} | PCS at 13, usually 20
  sizes 4=0.8 6=1 8=1.3 10=1.8 12=2.4 16=4.1
  variants CT = carbide, TiAlN x 1; HS = HSS-Co x 0.5
PL-{s} | Pliers, {s}, two-component grips | PCS at 12, usually 20
  sizes combination=1 cutter=1.1 long-nose=1 pump=1.4
[abrasives]
CD-{s}-{v} | Cutting disc, {s} mm, {w} | PCS at 62 per 100, usually 800, pack of 25
  sizes 115x1=1 125x1=1.1 125x1.6=1.15 230x2=2.7
  variants ST = steel x 1; IN = stainless, iron free x 1.3
FD-{s}-{v} | Flap disc, {s} mm, zirconia, {w} | PCS at 1.7, usually 200, pack of 10
  sizes 115=1 125=1.15 180=2.2
  variants P40 = P40 x 1; P60 = P60 x 1; P80 = P80 x 1
AR-{s} | Abrasive cloth roll, 50 mm, {s}, 50 m | ROLL at 22, usually 20
  sizes P80=1 P120=1 P180=1 P240=1.02
GW-{s} | Grinding wheel, straight, {s} mm, corundum | PCS at 14, usually 24
  sizes 150x20x32=0.8 175x25x51=1 200x25x51=1.3 250x32x51=2.1
[chemicals]
HLP{s}-{v} | Hydraulic oil HLP {s}, {w} | L at 2.6, usually 200
  sizes 22=1 32=1 46=1 68=1.02
  variants D = drum 208 l x 1; C = can 20 l x 1.25
GR-{s} | Grease cartridge 400 g, {s} | PCS at 3.4, usually 120, pack of 24
  sizes EP2=1 EP0=1 MoS2=1.2 food=2.4
TL-{s} | Thread locker, {s}, 50 ml | PCS at 9.2, usually 40, pack of 10
  sizes medium=1 high=1.05 low=1
CL-{s} | Cleaner, {s}, concentrate | L at 3.1, usually 60
  sizes alkaline=1 citrus=1.3 floor=0.8
WE-{s} | Welding wire, {s} mm, G3Si1, loose coil | KG at 2.2, usually 150
  sizes 0.8=1.1 1.0=1 1.2=1
GO-{s}-{v} | Gear oil CLP {s}, {w} | L at 3.3, usually 120
  sizes 150=1 220=1 320=1.05 460=1.1
  variants D = drum 208 l x 1; C = can 20 l x 1.25
SP-{s} | Spray can 400 ml, {s} | PCS at 3.9, usually 144, pack of 12
  sizes penetrating=1 silicone=1.1 zinc=1.6 brake-cleaner=0.7 cutting-oil=1.3
EP-{s} | Epoxy adhesive, {s}, 50 ml cartridge | PCS at 12, usually 40, pack of 10
  sizes rapid=1 structural=1.5 metal=1.2
[hoses]
PU-{s}-{v} | Polyurethane air tube, {s} mm, {w} | M at 0.6, usually 400
  sizes 4x2.5=0.7 6x4=1 8x5=1.5 10x6.5=2.2 12x8=2.9
  variants BU = blue x 1; BK = black x 1
HH-{s} | Hydraulic hose EN 857 2SC, {s} | M at 3.4, usually 120
  sizes DN06=1 DN08=1.1 DN10=1.3 DN12=1.6 DN16=2.1 DN20=2.9 DN25=4.1
WH-{s} | Water hose, EPDM, {s} in, 10 bar | M at 2.4, usually 150
  sizes 1/2=1 3/4=1.3 1=1.8 1-1/2=2.8
PIF-{s} | Push-in fitting, straight, {s} | PCS at 0.9, usually 300, pack of 10
  sizes 4-1/8=1 6-1/8=1.05 6-1/4=1.15 8-1/4=1.3 10-3/8=1.8 12-1/2=2.4
HF-{s}-{v} | Hydraulic hose fitting, press, {s}, {w} | PCS at 3.2, usually 100, pack of 10
  sizes DN06=0.9 DN08=1 DN10=1.2 DN12=1.5 DN16=2
  variants DKOL = DKOL straight x 1; DKOL90 = DKOL 90° x 2.1
[power]
VB-SPA-{s} | V-belt, narrow, SPA {s} | PCS at 4.2, usually 60
  sizes 1000=1 1250=1.2 1400=1.3 1600=1.5 1800=1.7 2000=1.9 2500=2.4
RC-{s} | Roller chain {s}, ISO 606 | M at 5.1, usually 50
  sizes 06B-1=1 08B-1=1.1 10B-1=1.5 12B-1=1.9 16B-1=3.2 08B-2=2.3
SPR-{s} | Sprocket {s}, pilot bore | PCS at 6.2, usually 30
  sizes 08B-15=1 08B-19=1.2 08B-25=1.7 10B-15=1.4 10B-19=1.7 12B-19=2.6
JC-{s} | Jaw coupling, size {s}, aluminium, with spider | SET at 13, usually 25
  sizes 14=1 19=1.2 24=1.6 28=2.1 38=3.4
VB-SPB-{s} | V-belt, narrow, SPB {s} | PCS at 7.1, usually 40
  sizes 1500=1 1800=1.2 2000=1.3 2240=1.5 2500=1.7 2800=1.9 3150=2.2
TB-T10-{s} | Timing belt, T10, {s} mm long, 25 wide | PCS at 11, usually 25
  sizes 500=0.8 630=0.9 780=1 900=1.1 1010=1.25 1210=1.5
[packaging]
SF-{s} | Stretch film, hand roll, {s} | ROLL at 5.2, usually 240, pack of 6
  sizes 17my=0.9 20my=1 23my=1.2
TP-{s} | Packing tape, 50 mm × 66 m, {s} | ROLL at 1.1, usually 360, pack of 36
  sizes brown=1 clear=1 printed=1.6
WP-{s} | Cleaning wipes, {s} | PACK at 8.4, usually 80
  sizes cotton=1 microfibre=1.6 poly=0.7
AM-{s} | Absorbent mats, {s}, 100 in a pack | PACK at 31, usually 24
  sizes universal=1 oil=1.1 chemical=1.4
RP-{s} | Polypropylene rope, {s} mm, coil of 220 m | ROLL at 18, usually 20
  sizes 8=1 10=1.4 12=2 16=3.3
BX-{s} | Carton, double wall, {s} mm | PCS at 96 per 100, usually 600, pack of 20
  sizes 300x200x150=0.6 400x300x200=1 400x300x300=1.2 600x400x300=1.7 600x400x400=2 800x600x500=3.9
CT-{s} | Cable ties, {s} mm, black, 100 in a pack | PACK at 1.7, usually 200, pack of 10
  sizes 100x2.5=0.6 200x3.6=1 300x4.8=1.9 370x7.6=3.6
"""
