"""Every part that the painter can put on a picture: its name, its slot, its colour zones.

The list is the contract between three rooms: the scene names parts, the compositor draws them, and the baker in
`offline_model/bake` makes the shape of each. A test keeps the asset index and this list equal.

A zone is painted with a fixed colour (`#rrggbb`: wood is brown) or with one of `PAINTS`, which the scene fills in.
A `Piece` of a scene overrides: its `colour`, unless empty, paints the part's first zone; its `accent`, unless empty,
the first other zone that has a named paint. So an empty colour means "as such a thing is". Headgear decides itself how
much hair shows (`Part.hair`), and the compositor swaps in an `under` part.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

PAINTS: Final = (
    "skin",
    "hair",
    "top",  # shirt, jacket, robe
    "bottom",  # trousers, skirt
    "shoes",
    "glove",  # hands; the skin's colour when bare
    "hat",  # headgear's main colour
    "trim",  # second colour of the clothes and the headgear
    "accent",  # third colour: tie, buckle, feather, badge
    "back",  # cape, backpack
    "item",  # what is held
    "prop",  # what stands beside
    "base",
)
"""Colours that a scene gives; a zone names one of them, or a fixed colour."""

Finish = Literal["plastic", "matte", "glossy", "metal", "glow", "glass"]
Slot = Literal[
    "base",
    "core",
    "arm",
    "back",
    "body",
    "neck",
    "beard",
    "eyewear",
    "hair",
    "under",
    "head",
    "item",
    "prop",
    "pet",
    "rear",
]
SLOTS: Final[tuple[Slot, ...]] = Slot.__args__  # type: ignore[attr-defined]
Room = Literal["all", "under", "none"]


@dataclass(frozen=True, slots=True)
class Zone:
    """A region of a part with its own colour."""

    name: str
    paint: str
    finish: Finish = "plastic"


@dataclass(frozen=True, slots=True)
class Part:
    """One shape.

    `hair` says what headgear leaves to see: every hair style, only hair below the brim, or none (a
    closed helmet, which also hides beards and scarves). `wide` headgear or items want the free arm kept low; `long`
    items reach from the ground to above the head.
    """

    name: str
    slot: Slot
    zones: tuple[Zone, ...]
    hair: Room = "all"
    wide: bool = False
    long: bool = False

    @property
    def key(self) -> str:
        """Name in the asset pack: `slot.name`."""
        return f"{self.slot}.{self.name}"


_FINISH = {
    "p": "plastic",
    "m": "matte",
    "y": "glossy",
    "e": "metal",
    "w": "glow",
    "g": "glass",
}

# One part a line: name, its zones as name=paint/finish (p plastic, m matte, y glossy, e metal, w glow, g glass), flags.
_TABLE: Final[dict[Slot, str]] = {
    "base": """
plinth  top=base/p
disc    top=base/p
pegs    top=base/p
hex     top=base/p
planks  top=#a8763e/m gap=#5a3a1e/m
""",
    "core": """
legs   leg=bottom/p shoe=shoes/p
hips   hips=bottom/p
torso  torso=top/p
neck   neck=skin/p
head   head=skin/p
""",
    # L is the viewer's right; items are held in R's "hold"
    "arm": """
R-down  sleeve=top/p hand=glove/p
R-hold  sleeve=top/p hand=glove/p
R-up    sleeve=top/p hand=glove/p
R-hip   sleeve=top/p hand=glove/p
L-down  sleeve=top/p hand=glove/p
L-hold  sleeve=top/p hand=glove/p
L-up    sleeve=top/p hand=glove/p
L-hip   sleeve=top/p hand=glove/p
L-out   sleeve=top/p hand=glove/p
""",
    "back": """
cape        cloth=back/m collar=back/m
backpack    pack=back/m roll=trim/m
airtank     tank=#e0b02a/p valve=#3a3d44/p
jetpack     pack=#c8ced4/p trim=accent/p
wings-bird  wing=#f4f6fa/m
wings-fairy wing=accent/y vein=trim/p
quiver      case=#6a4326/m arrows=trim/p
""",
    "body": """
robe      cloth=top/m hem=trim/m
gown      cloth=top/p hem=trim/p
skirt     cloth=bottom/m
tutu      cloth=bottom/m
coat      cloth=top/m
vest      cloth=trim/m
lifevest  vest=#e8761e/m strap=#1e2024/m
poncho    cloth=trim/m fringe=accent/m
toolbelt  belt=#6a4326/m tools=#9aa2aa/e
armour    plate=#b4bcc4/e rim=accent/e
apron     cloth=trim/m strap=trim/m
""",
    "neck": """
scarf        cloth=trim/m
bandana      cloth=trim/m
lei          petal=accent/p core=#f4c81e/p
ruff         cloth=#f4f2ec/m
stethoscope  tube=#26282e/p disc=#b4bcc4/e
bowtie       cloth=accent/m
""",
    "beard": """
beard-long   hair=hair/p
beard-short  hair=hair/p
moustache    hair=hair/p
""",
    "eyewear": """
glasses   frame=#2a2a30/p lens=#e8f2f8/g
shades    frame=#1c1d22/p lens=#15161a/y
goggles   frame=trim/p strap=#26282e/m lens=#8ad0e8/g
facemask  cloth=#dfeef4/m
monocle   rim=#e0a82e/e lens=#e8f2f8/g
""",
    "hair": """
hair-short     hair=hair/p
hair-side      hair=hair/p
hair-long      hair=hair/p
hair-bob       hair=hair/p
hair-bun       hair=hair/p
hair-pony      hair=hair/p tie=accent/p
hair-pigtails  hair=hair/p tie=accent/p
hair-braid     hair=hair/p tie=accent/p
hair-spiky     hair=hair/p
hair-curly     hair=hair/p
hair-afro      hair=hair/m
hair-mohawk    hair=hair/p
hair-quiff     hair=hair/p
hair-thin      hair=hair/p
""",
    # hair that shows below a hat
    "under": """
under-short   hair=hair/p
under-long    hair=hair/p
under-braids  hair=hair/p tie=accent/p
""",
    "head": """
cap           hat=hat/p brim=hat/p button=trim/p under
hardhat       hat=hat/y under
miner         hat=hat/y band=#2a2c32/p lamp=#fff2b8/w under
bike-helmet   hat=hat/y vent=#26282e/p strap=#26282e/m under
chef          hat=#f6f6f2/m band=#f6f6f2/m under
wizard        hat=hat/m band=trim/p under wide
witch         hat=hat/m band=trim/p buckle=#e8c050/e under wide
pirate        hat=hat/m trim=#e8c050/p under wide
cowboy        hat=hat/m band=trim/m under wide
fedora        hat=hat/m band=trim/m under wide
straw         hat=#e2c378/m band=trim/m under wide
tophat        hat=hat/p band=trim/p under wide
space         helmet=hat/p trim=trim/p ear=hat/p visor=#d8ecff/g none wide
bubble        ring=trim/p globe=#d8f0ff/g all wide
racing        helmet=hat/y stripe=trim/y visor=#1a2028/g none
diver         helmet=#b8863a/e rim=#8a6228/e glass=#cdeef6/g none wide
snorkel       mask=trim/p tube=hat/p glass=#cdeef6/g all
parka         hood=hat/m fur=#efe6cc/m none
hood          hood=hat/m none
beanie        hat=hat/m cuff=trim/m pom=trim/m under
elf           hat=hat/m cuff=trim/m tip=accent/p under
crown         crown=#e8b030/e gem=accent/y all
tiara         tiara=#e8c860/e gem=accent/y all
knight        helm=#b4bcc4/e plume=trim/m none
kabuto        helm=hat/p crest=#e8b030/e guard=trim/p none wide
viking        helm=#9aa2aa/e horn=#efe4c8/p under wide
peaked        hat=hat/p band=#1e2024/p brim=#1e2024/y badge=#e8c050/e under
beret         hat=hat/m under
fire          helm=hat/y badge=#e8c050/e under
robot         box=hat/p face=#202a34/y ear=#6a7078/p bulb=accent/w none
aviator       cap=hat/m strap=#2a211a/p rim=#a87a3a/e glass=#4a90c0/g none
ninja         hood=hat/m knot=trim/m none
mortarboard   hat=hat/m tassel=#e8c050/p under wide
turban        cloth=hat/m gem=accent/y under
nurse         hat=#f6f6f2/m cross=#d0342c/p all
surgical      hat=hat/m under
beekeeper     hat=#efe4c4/m veil=#3a3a36/g none wide
headphones    band=#26282e/p cups=trim/p all
headband      cloth=trim/m all
bandana-hat   cloth=hat/m knot=hat/m under
flower-crown  leaf=#4a9a4a/p petal=accent/p core=#f4c81e/p all
halo          ring=#ffe9a0/w all
cat-ears      ear=hat/m inner=#f0b0b8/m all
jester        hat=hat/m other=trim/m bell=#e8c050/e under wide
laurel        leaf=#c8a83a/e all
""",
    "item": """
staff         shaft=#6a4326/m claw=#6a4326/m orb=accent/w long
wand          shaft=#4a2f1c/p star=#f4d84a/w
sword         blade=#b4bcc4/e hilt=#8a6a2a/p
katana        blade=#c4ccd2/e hilt=#26282e/p guard=#e0b040/e
shield        face=trim/p rim=#b4bcc4/e boss=accent/e
bow           wood=#8a5a2e/m string=#efe6cc/p
spear         shaft=#8a5a2e/m head=#b4bcc4/e long
trident       shaft=#b8863a/e head=#b8863a/e long
axe           shaft=#8a5a2e/m head=#9aa2aa/e
pickaxe       shaft=#8a5a2e/m head=#8a929a/e
hammer        shaft=#8a5a2e/m head=#8a929a/e
wrench        metal=#9aa2aa/e
screwdriver   handle=item/p blade=#b4bcc4/e
saw           handle=#8a5a2e/m blade=#b4bcc4/e
drill         body=item/p bit=#9aa2aa/e
shovel        shaft=#8a5a2e/m blade=#8a929a/e
rake          shaft=#8a5a2e/m head=#8a929a/e
broom         shaft=#8a5a2e/m bristle=#d8b05a/m
watering-can  can=item/p rose=#b4bcc4/e
bucket        pail=item/p handle=#9aa2aa/e
extinguisher  tank=#c4281c/y valve=#26282e/p
flask         liquid=accent/w stopper=#a8763e/m glass=#b4d8ec/g
book          cover=item/p pages=#f2ead6/m
scroll        paper=#ecdcb0/m rod=#6a4326/p
map           paper=#ecdcb0/m route=#c4281c/p
tablet        frame=#2a2c32/p screen=accent/w
phone         frame=#26282e/p screen=accent/w
clipboard     board=#8a5a2e/m paper=#f6f4ee/m clip=#9aa2aa/e
letter        paper=#f6f2e6/m seal=#c4281c/p
pencil        body=#f0b82e/p tip=#26282e/p rubber=#e88a9a/p
mug           mug=item/p drink=#4a2c18/y
teapot        pot=item/y knob=#e0a82e/e
tray          tray=#b4bcc4/e dome=#c8ced4/e
pan           pan=#34373d/p handle=#1e2024/p egg=#f6f4ee/p yolk=#f4b81e/y
ladle         metal=#b4bcc4/e
whisk         wire=#b4bcc4/e handle=item/p
rolling-pin   wood=#c89a5e/m knob=#8a5a2e/m
baguette      bread=#c98a45/m cut=#e8c48a/m
pizza         crust=#d09a50/m top=#e8b84a/p spots=#c4281c/p
cupcake       cup=item/p icing=#f4a8c0/m cherry=#c4281c/y
ice-cream     cone=#c98a45/m scoop=#f4c8d4/m top=accent/m
apple         fruit=#c4281c/y leaf=#4a9a4a/p
carrot        root=#e8761e/p leaf=#4a9a4a/p
fish          body=item/y fin=trim/p
paintbrush    handle=#8a5a2e/p ferrule=#b4bcc4/e tip=accent/y
palette       board=#c89a5e/m red=#c4281c/y blue=#1f5fb4/y yellow=#f4c81e/y
camera        body=#2a2c32/p lens=#4a4e56/p button=#c4281c/p glass=#20304a/g
clapper       board=#26282e/p stripe=#f4f2ec/p
microphone    handle=#2a2c32/p ring=#b4bcc4/e head=#7a828a/e
guitar        body=item/y neck=#5a3418/p head=#2a211a/p
violin        body=#9a4a1e/y neck=#2a211a/p bow=#c89a5e/p
trumpet       brass=#e0a82e/e
drumsticks    wood=#d8a862/m
spyglass      tube=#7a4a24/p ring=#d8a83a/e
binoculars    body=#2a2c32/p lens=#4a6a9a/y
compass       case=#d8a83a/e face=#f4f0e2/p needle=#c4281c/p
magnifier     frame=#b8863a/e handle=#5a3418/p glass=#c4e0f0/g
lantern       frame=#3a3d44/e light=#ffe08a/w
torch         shaft=#6a4326/m flame=#ff9a2a/w
flashlight    body=item/p lens=#fff6d0/w
flag          shaft=#c8ced4/e cloth=trim/m
balloon       balloon=accent/y string=#f4f2ec/p wide
umbrella      cloth=trim/m shaft=#3a3d44/p wide
fishing-rod   rod=#8a5a2e/p reel=#3a3d44/p
net           pole=#8a5a2e/m hoop=#8a929a/e mesh=#f0ece0/m
basket        weave=#b07a44/m fill=accent/p
bouquet       leaf=#4a9a4a/p petal=accent/p core=#f4c81e/p wrap=#f6f2e6/m
flower        stem=#4a9a4a/p petal=accent/p core=#f4c81e/p
gem           gem=accent/y
orb           orb=accent/w stand=#6a4326/p
key           key=#e0a82e/e
gear          gear=#b8863a/e
ball          ball=item/p patch=#26282e/p
basketball    ball=#d8702a/m seam=#26282e/p
racket        frame=item/p strings=#f4f2ec/p grip=#26282e/m
bat           wood=#c89a5e/p grip=#26282e/m
hockey-stick  wood=#c89a5e/p blade=#26282e/p
skis          ski=item/y pole=#8a929a/e long
surfboard     board=item/y stripe=trim/y long
dumbbell      bar=#8a929a/e weight=#2a2c32/p
trophy        cup=#e8b030/e foot=#3a2a1c/p
briefcase     case=#7a4a24/p metal=#d8a83a/e
bag           bag=item/m handle=item/m
radio         body=item/p antenna=#26282e/p grille=#c8ced4/p
gamepad       body=#e8eaee/p button=accent/p stick=#26282e/p
laptop        body=#b4bcc4/p screen=accent/w
paddle        shaft=#c89a5e/m blade=item/p long
stop-paddle   disc=#c4281c/p shaft=#c8ced4/p
teddy         fur=#a8703a/m snout=#e0c090/m
""",
    # stands at the front, to the viewer's right
    "prop": """
flowers    stem=#3a8a3a/p petal=prop/p core=#f4c81e/p
plant      pot=#c8643a/p leaf=#3f9a48/p
cactus     body=#4a9a4a/p flower=#e8609a/p
mushroom   stem=#f0e6d0/p cap=#c4281c/y spot=#f6f2ea/p
rocks      rock=#8a8782/m
snow       snow=#f8fafc/m
coral      coral=#f0604a/p shell=#f4d8b8/p
chest      wood=#7a4a24/p metal=#e0b040/e gold=#f0c030/e
crate      wood=#b07a44/m plank=#8a5a2e/m
barrel     wood=#9a6434/m hoop=#6a7078/e
cauldron   pot=#2a2c32/p brew=#7ad84a/w
campfire   log=#6a4326/m stone=#8a8782/m flame=#ff9a2a/w
anvil      iron=#4a4e56/e block=#8a5a2e/m
toolbox    box=#c4281c/p handle=#26282e/p latch=#c8ced4/e
books      first=#8a2a2a/p second=#2a5a4a/p third=#2a3a6a/p pages=#f2ead6/m
gift       box=prop/p ribbon=accent/y
cake       cake=#f4e0c0/m icing=#f4a8c0/m candle=#ffe9a0/w
suitcase   case=#7a4a24/m trim=#d8a83a/e
globe      sea=#2a7ab8/y land=#5aa04a/p stand=#b8863a/e
computer   case=#e0ddd2/p screen=#3ab8d8/w
drum       shell=prop/y skin=#f4efe2/m rim=#c8ced4/e
pumpkin    fruit=#e8761e/p stem=#4a7a3a/p
cone       cone=#f0641e/p stripe=#f6f6f2/p
hydrant    body=#c4281c/p cap=#e0b02a/p
gears      big=#b8863a/e small=#8a929a/e
hay        straw=#dcb850/m twine=#8a5a2e/m
sandcastle sand=#e2c382/m flag=#c4281c/p
speaker    box=#26282e/p cone=#7a828a/p
football   ball=#f4f4f0/p patch=#26282e/p
beehive    hive=#e0b04a/m door=#4a2f1c/p
""",
    # companions: same place as a prop
    "pet": """
cat         fur=prop/p muzzle=#f4ead8/p eye=#1e1c1a/y
dog         fur=prop/p muzzle=#f4ead8/p eye=#1e1c1a/y
rabbit      fur=#f0ece4/m inner=#f0b0b8/m eye=#1e1c1a/y
fox         fur=#d8702a/p muzzle=#f6f0e4/p eye=#1e1c1a/y
bear        fur=#7a4a2a/m muzzle=#d8b080/m eye=#1e1c1a/y
sheep       wool=#f4f0e6/m face=#3a3430/p
horse       coat=#8a5428/p mane=#2a1c14/p eye=#1e1c1a/y
chicken     body=#f6f2ea/p comb=#d0342c/p beak=#f0a02a/p eye=#1e1c1a/y
parrot      body=#d0342c/p wing=#1f5fb4/p beak=#f0c040/p perch=#8a5a2e/m eye=#1e1c1a/y
owl         body=#8a6240/p face=#ecdcb8/p beak=#f0a02a/p eye=#1e1c1a/y
penguin     body=#23262c/p belly=#f6f6f2/p beak=#f09a1e/p eye=#101114/y
turtle      shell=#5a7a3a/p skin=#8ab85a/p eye=#1e1c1a/y
frog        body=#5ab04a/y eye=#1e1c1a/y
fish        body=#f0802a/y fin=#f6f2ea/p eye=#1e1c1a/y bubble=#d8f4ff/g
crab        shell=#d84a2a/y eye=#1e1c1a/y
octopus     body=#a85ab0/y eye=#1e1c1a/y
dino        body=#5a9a5a/p spike=#e8a83a/p eye=#1e1c1a/y
dragon      body=#3a9a6a/p wing=#e8761e/m belly=#f0dc9a/p eye=#1e1c1a/y
bot         body=prop/p head=#d8dce0/p eye=#6ae0f0/w wheel=#2a2c32/p
rover       body=#e8eaee/p panel=#22355e/y wheel=#2a2c32/p mast=#9aa2aa/e
drone       body=#e8eaee/p rotor=#3a3d44/p lens=#c4281c/w
car         body=prop/y glass=#a8d0e8/y wheel=#26282e/p hub=#c8ced4/e
train       body=prop/y boiler=#26282e/p wheel=#3a3d44/p brass=#e0a82e/e
boat        hull=prop/p deck=#d8b07a/m sail=#f6f2e6/m
plane       body=prop/y wing=#f0f0ec/p prop=#3a3d44/p
rocket      body=#f0f0ec/y fin=prop/y window=#5ab8e0/y
skateboard  deck=prop/y wheel=#f4f2ec/p truck=#8a929a/e
scooter     body=prop/y wheel=#26282e/p metal=#b4bcc4/e
sled        wood=#a8703a/m runner=#c4281c/e
""",
    # stands behind, to the viewer's right
    "rear": """
pine       trunk=#6a4326/m leaf=#2f7a3e/p
tree       trunk=#6a4326/m leaf=#5a9a3e/p
palm       trunk=#a8763e/m leaf=#3f9a48/p
lamppost   pole=#2a2e36/p light=#ffe9a8/w
tent       cloth=prop/m pole=#8a5a2e/m
easel      wood=#a8763e/m canvas=#f6f2e6/m paint=accent/p
crystals   crystal=accent/y rock=#6a6660/m
snowman    snow=#f8fafc/m nose=#f0802a/p coal=#26282e/p scarf=accent/m
bookcase   wood=#7a4a2a/m red=#8a2a2a/p blue=#2a3a6a/p green=#2a5a4a/p
tripod     scope=#e8eaee/p leg=#3a3d44/p ring=#d8a83a/e
signpost   post=#8a5a2e/m arrow=#c89a5e/m
antenna    dish=#e8eaee/p mast=#8a929a/e tip=#d0342c/w
""",
}


def _part(slot: Slot, line: str) -> Part:
    name, *words = line.split()
    zones = tuple(Zone(*_zone(w)) for w in words if "=" in w)
    flags = {w for w in words if "=" not in w}
    hair: Room = "none" if "none" in flags else "under" if "under" in flags else "all"
    return Part(name, slot, zones, hair, "wide" in flags, "long" in flags)


def _zone(word: str) -> tuple[str, str, Finish]:
    name, _, rest = word.partition("=")
    paint, _, finish = rest.partition("/")
    return name, paint, _FINISH[finish]  # type: ignore[return-value]


PARTS: Final = MappingProxyType(
    {
        part.key: part
        for slot, table in _TABLE.items()
        for part in (_part(slot, line) for line in table.splitlines() if line)
    }
)
"""Every part by its key, `slot.name`, as in `PARTS["item.guitar"]`."""


def names(slot: Slot) -> tuple[str, ...]:
    """The names of a slot's parts, in the table's order."""
    return tuple(part.name for part in PARTS.values() if part.slot == slot)


# What the compositor paints onto the torso and the face (see prints.py).
PRINTS: Final = (
    "plain", "tee", "stripes", "polka", "jacket", "hoodie", "parka", "labcoat", "suit", "tuxedo", "overalls", "space",
    "chef", "pirate", "mail", "plate", "robot", "wetsuit", "robe", "hivis", "uniform", "explorer", "apron", "dress",
    "sport", "wrap", "sweater", "scrubs", "cardigan", "flannel", "leather", "tunic", "kimono", "jumpsuit", "racing",
    "skeleton", "cape-tie", "vest",
)  # fmt: skip
"""Torso prints: colours come from top, trim, accent and skin."""

ICONS: Final = (
    "star", "heart", "bolt", "leaf", "flower", "sun", "note", "paw", "moon", "drop", "flame", "gear", "atom", "anchor",
    "fish", "planet", "tree", "diamond",
)  # fmt: skip
"""Badges for plain prints such as tee, hoodie, apron and sport; never letters."""

EYES: Final = ("dot", "tall", "lash", "wide", "closed", "wink")
MOUTHS: Final = ("smile", "smirk", "grin", "open", "o", "flat", "frown", "lips")
BROWS: Final = ("soft", "raised", "angry", "thick", "worry", "none")
MARKS: Final = (
    "cheeks",
    "freckles",
    "stubble",
    "wrinkles",
    "eyepatch",
    "scar",
    "paint",
    "mole",
)
SLEEVES: Final = ("long", "short", "cuff", "band", "bare")
LEGWEAR: Final = ("trousers", "shorts", "boots", "bare")
