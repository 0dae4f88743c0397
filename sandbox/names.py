"""Names of invented firms, people and places, by country."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Land:
    """What things are called in one country. Cities carry postal code and region; a firm is stem, trade, legal form."""

    stems: tuple[str, ...]
    trades: tuple[str, ...]
    form: str
    cities: tuple[tuple[str, str, str], ...]
    streets: tuple[str, ...]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    dial: str
    domain: str
    number_first: bool = False


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))


def _cities(text: str) -> tuple[tuple[str, str, str], ...]:
    rows = [tuple(part.strip() for part in row.split("/")) for row in text.split(",")]
    return tuple((row[0], row[1], row[2]) for row in rows)


LANDS: Mapping[str, Land] = {
    "DE": Land(
        _words("Hallbauer, Rennertz, Müller & Söhne, Kronsee, Weißgerber, Ostertal, Lindenhof, Brückmann, Saalfelder"),
        _words("Papierfabrik, Molkerei, Armaturenbau, Brauerei, Wasserwerke, Chemie, Getränketechnik, Gießerei"),
        "GmbH",
        _cities("Hamburg/20457/HH, Leipzig/04109/SN, Stuttgart/70173/BW, Münster/48143/NW, Nürnberg/90402/BY"),
        _words("Industriestraße, Am Hafen, Werkstraße, Gewerbering, Schillerallee"),
        _words("Anna, Jürgen, Katharina, Lukas, Sabine, Björn, Fatma, Dieter"),
        _words("Köhler, Schmitz, Weiß, Yıldız, Brandt, Häusler, Nowak, Ziegler"),
        "+49 40", "example.de",
    ),
    "AT": Land(
        _words("Alpstein, Donauer, Grieskirchner, Hochleitner"),
        _words("Molkerei, Holzwerke, Mineralwasser, Kraftwerke"),
        "GmbH",
        _cities("Linz/4020/OÖ, Graz/8010/ST, Wien/1100/W"),
        _words("Hauptplatz, Voestalpinegasse, Mühlweg"),
        _words("Elisabeth, Johann, Theresa, Wolfgang"), _words("Gruber, Pichler, Hofer, Steinböck"),
        "+43 732", "example.at",
    ),
    "CH": Land(
        _words("Rütli, Aareblick, Säntis, Léman"),
        _words("Käserei, Präzision, Pharma, Wasserversorgung"),
        "AG",
        _cities("Zürich/8005/ZH, Basel/4056/BS, Genève/1201/GE"),
        _words("Seestrasse, Limmatquai, Rue du Lac"),
        _words("Reto, Céline, Urs, Nadja"), _words("Zürcher, Favre, Ammann, Bänziger"),
        "+41 44", "example.ch",
    ),
    "FR": Land(
        _words("Valmère, Beaurivage, Castelnau, Roche-Noire, Hérisson"),
        _words("Papeteries, Laiteries, Eaux, Verreries, Brasseries"),
        "SAS",
        _cities("Lyon/69002/ARA, Nantes/44000/PDL, Lille/59800/HDF, Besançon/25000/BFC"),
        _words("Rue de l'Industrie, Quai Saint-Michel, Avenue des Forges"),
        _words("Élodie, François, Amélie, Benoît"), _words("Lefèvre, Moreau, N'Diaye, Garçon"),
        "+33 4", "example.fr", number_first=True,
    ),
    "NL": Land(
        _words("Waalzicht, Van der Heijden, Noordkade, Zuiderdiep"),
        _words("Zuivel, Papier, Drinkwater, Brouwerij"),
        "B.V.",
        _cities("Rotterdam/3011 AD/ZH, Eindhoven/5611 EM/NB, Groningen/9711 LM/GR"),
        _words("Havenweg, Stationsplein, Industrielaan"),
        _words("Sanne, Joost, Maaike, Ruben"), _words("de Vries, Bakker, van Dijk, Öztürk"),
        "+31 10", "example.nl",
    ),
    "GB": Land(
        _words("Calder & Finch, Northgate, Ironbridge, Marlow, Thistlewood, O'Hara"),
        _words("Brewing, Dairies, Castings, Water, Chemicals"),
        "Ltd",
        _cities("Leeds/LS1 4AP/West Yorkshire, Bristol/BS1 6QS/Avon, Aberdeen/AB11 5RG/Aberdeenshire"),
        _words("Mill Lane, Dock Road, Foundry Street"),
        _words("Imogen, Callum, Priya, Gareth"), _words("Ashworth, MacLeod, Patel, O'Connor"),
        "+44 113", "example.co.uk", number_first=True,
    ),
    "IT": Land(
        _words("Valdarno, Fratelli Corsini, Lagobianco, Santacroce"),
        _words("Cartiere, Caseificio, Acque, Vetrerie"),
        "S.p.A.",
        _cities("Brescia/25121/BS, Parma/43121/PR, Torino/10121/TO"),
        _words("Via Emilia, Via dell'Industria, Corso Italia"),
        _words("Giulia, Matteo, Chiara, Niccolò"), _words("Ferrari, Bianchi, D'Angelo, Conti"),
        "+39 030", "example.it",
    ),
    "SE": Land(
        _words("Norrsken, Älvdal, Sjöberg, Halvorsen"),
        _words("Papper, Mejeri, Vatten, Stål"),
        "AB",
        _cities("Göteborg/411 04/O, Gävle/803 20/X, Örebro/702 10/T"),
        _words("Hamngatan, Bruksvägen, Kungsgatan"),
        _words("Åsa, Henrik, Linnea, Oskar"), _words("Lindqvist, Åkesson, Nyström, Berg"),
        "+46 31", "example.se",
    ),
    "PL": Land(
        _words("Wisła, Tatrzańska, Łódzka, Złoty Most"),
        _words("Papiernia, Mleczarnia, Odlewnia, Hydro"),
        "Sp. z o.o.",
        _cities("Łódź/90-001/LD, Kraków/30-001/MA, Gdańsk/80-001/PM"),
        _words("ul. Fabryczna, ul. Portowa, al. Pokoju"),
        _words("Małgorzata, Paweł, Zofia, Michał"), _words("Wójcik, Dąbrowska, Kowalczyk, Zieliński"),
        "+48 42", "example.pl",
    ),
    "US": Land(
        _words("Kestrel, Tessera, Pacific Crest, Redfern, Sable Ridge, Orchid, Elmhurst, Fairlane, Vista, Hollis"),
        _words("Bottling, Glass Works, Foods, Chemicals, Mining Services, Pharma Supply, Plastics, Energy"),
        "Inc.",
        _cities("Cleveland/44114/OH, Tacoma/98402/WA, Savannah/31401/GA, Tulsa/74103/OK, Boise/83702/ID"),
        _words("Mill Road, Commerce Drive, Lakeshore Blvd, Foundry Ave"),
        _words("Dana, Marcus, Guadalupe, Wei, Tyler, Aisha"), _words("Ortiz, Washington, Nguyen, Kowalski, Reed, Iyer"),
        "+1 216", "example.com", number_first=True,
    ),
    "CA": Land(
        _words("Boréal, Cedar Sound, Prairie Gate"),
        _words("Pulp, Agro Foods, Hydro"),
        "Ltd.",
        _cities("Calgary/T2P 1J9/AB, Québec/G1R 4P5/QC, Halifax/B3J 1S9/NS"),
        _words("Harbour Street, Rue Saint-Jean, 9th Avenue SW"),
        _words("Noémie, Liam, Harpreet"), _words("Tremblay, Singh, MacDonald"),
        "+1 403", "example.ca", number_first=True,
    ),
}  # fmt: skip

ROLES = ("Purchasing", "Accounts payable", "Plant engineering", "Project lead", "Logistics")
EURO_HOME = ("DE", "DE", "DE", "DE", "AT", "CH", "FR", "FR", "NL", "GB", "IT", "SE", "PL")
DOLLAR_HOME = ("US", "US", "US", "US", "US", "CA")
SIMPLE = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "é": "e", "è": "e", "É": "E"}
    | {"ł": "l", "Ł": "L", "ó": "o", "ń": "n", "Å": "A", "å": "a", "&": "und"}
)
