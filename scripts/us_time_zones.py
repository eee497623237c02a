"""The time zone of a US postal code, from its state, its county, and itself.

The boundaries are those of 49 CFR part 71, by county; where one runs through a
county, the codes on the smaller side are named. What the Navajo Nation, West
Wendover and the freely associated states keep is their own law. Places whose clocks
agree today share a zone: a promise is about days to come, so that it does not matter
that Detroit and Louisville had summers of their own.
"""

EASTERN = "America/New_York"
CENTRAL = "America/Chicago"
MOUNTAIN = "America/Denver"
ARIZONA = "America/Phoenix"
PACIFIC = "America/Los_Angeles"
ALASKA = "America/Anchorage"
ALEUTIAN = "America/Adak"
HAWAII = "Pacific/Honolulu"
ATLANTIC = "America/Puerto_Rico"
SAMOA = "Pacific/Pago_Pago"
CHAMORRO = "Pacific/Guam"
CHUUK = "Pacific/Chuuk"
POHNPEI = "Pacific/Pohnpei"
MAJURO = "Pacific/Majuro"
PALAU = "Pacific/Palau"

# Where most of a state, a territory or a freely associated state is.
STATES = {
    EASTERN: "CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV",
    CENTRAL: "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
    MOUNTAIN: "CO ID MT NM UT WY",
    ARIZONA: "AZ",
    PACIFIC: "CA NV OR WA",
    ALASKA: "AK",
    HAWAII: "HI",
    ATLANTIC: "PR VI",
    SAMOA: "AS",
    CHAMORRO: "GU MP",
    CHUUK: "FM",
    MAJURO: "MH",
    PALAU: "PW",
}

# Counties that keep another zone than most of their state.
COUNTIES = {
    ("FL", CENTRAL): [
        "Bay", "Calhoun", "Escambia", "Gulf", "Holmes", "Jackson", "Okaloosa", "Santa Rosa",
        "Walton", "Washington",
    ],
    ("ID", PACIFIC): [
        "Benewah", "Bonner", "Boundary", "Clearwater", "Idaho", "Kootenai", "Latah", "Lewis",
        "Nez Perce", "Shoshone",
    ],
    ("IN", CENTRAL): [
        "Gibson", "Jasper", "La Porte", "Lake", "Newton", "Perry", "Porter", "Posey", "Spencer",
        "Starke", "Vanderburgh", "Warrick",
    ],
    ("KS", MOUNTAIN): ["Greeley", "Hamilton", "Sherman", "Wallace"],
    ("KY", CENTRAL): [
        "Adair", "Allen", "Ballard", "Barren", "Breckinridge", "Butler", "Caldwell", "Calloway",
        "Carlisle", "Christian", "Clinton", "Crittenden", "Cumberland", "Daviess", "Edmonson",
        "Fulton", "Graves", "Grayson", "Green", "Hancock", "Hart", "Henderson", "Hickman",
        "Hopkins", "Livingston", "Logan", "Lyon", "Marshall", "Mccracken", "Mclean", "Metcalfe",
        "Monroe", "Muhlenberg", "Ohio", "Russell", "Simpson", "Todd", "Trigg", "Union", "Warren",
        "Webster",
    ],
    ("MI", CENTRAL): ["Dickinson", "Gogebic", "Iron", "Menominee"],
    ("ND", MOUNTAIN): [
        "Adams", "Billings", "Bowman", "Dunn", "Golden Valley", "Grant", "Hettinger", "Slope",
        "Stark",
    ],
    ("NE", MOUNTAIN): [
        "Arthur", "Banner", "Box Butte", "Chase", "Cheyenne", "Dawes", "Deuel", "Dundy", "Garden",
        "Grant", "Hooker", "Keith", "Kimball", "Morrill", "Perkins", "Scotts Bluff", "Sheridan",
        "Sioux",
    ],
    ("OR", MOUNTAIN): ["Malheur"],
    ("SD", MOUNTAIN): [
        "Bennett", "Butte", "Corson", "Custer", "Dewey", "Fall River", "Haakon", "Harding",
        "Jackson", "Lawrence", "Meade", "Oglala Lakota", "Pennington", "Perkins", "Shannon",
        "Stanley", "Ziebach",
    ],
    ("TN", EASTERN): [
        "Anderson", "Blount", "Bradley", "Campbell", "Carter", "Claiborne", "Cocke", "Grainger",
        "Greene", "Hamblen", "Hamilton", "Hancock", "Hawkins", "Jefferson", "Johnson", "Knox",
        "Loudon", "Mcminn", "Meigs", "Monroe", "Morgan", "Polk", "Rhea", "Roane", "Scott",
        "Sevier", "Sullivan", "Unicoi", "Union", "Washington",
    ],
    ("TX", MOUNTAIN): ["El Paso", "Hudspeth"],
}

# Codes that keep another zone than most of their county.
CODES = {
    # Adak and Atka, west of 169 degrees 30 minutes west.
    ALEUTIAN: "99546 99547",
    # The Navajo Nation, which has summer time, without the Hopi lands within it; the
    # west of Cherry County; the south of Idaho County and of McKenzie County; West Wendover.
    MOUNTAIN: """
        86020 86031 86033 86035 86044 86045 86053 86054 86503 86504 86505 86506 86507 86508 86510
        86511 86514 86515 86520 86535 86538 86540 86544 86545 86547 86549 86556
        69211 69216 69218 69219
        83547 83549 83671
        58634
        89883
    """,
    # Port Saint Joe, south of the Intracoastal Waterway.
    EASTERN: "32456 32457",
    POHNPEI: "96941 96944",
}

ZONE_OF_STATE = {state: zone for zone, states in STATES.items() for state in states.split()}
ZONE_OF_COUNTY = {
    (state, county): zone for (state, zone), counties in COUNTIES.items() for county in counties
}
ZONE_OF_CODE = {code: zone for zone, codes in CODES.items() for code in codes.split()}


def zone(row):
    """The IANA name of the zone of a row of the source file."""
    in_county = ZONE_OF_COUNTY.get((row["state"], row["county"]), ZONE_OF_STATE[row["state"]])
    return ZONE_OF_CODE.get(row["zip_code"], in_county)
