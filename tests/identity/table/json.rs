//! Types whose JSON by the schema is not that of `serde_json`.

/// The types, and in what the JSON differs. Serde writes most of them for people in another form than for
/// machines; a schema does not tell by which of its names a field with an alias is written; and JSON has
/// texts alone for keys.
pub(super) const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "BTreeMap<(u8, bool), ()>",
        "bincode2: BTreeMap<(u8, bool), ()>{key 0} cannot be written: key must be a string",
    ),
    ("IpAddr", r#"{"V4":[127,0,0,1]} and not "127.0.0.1""#),
    ("Ipv4Addr", r#"[255,255,255,255] and not "255.255.255.255""#),
    ("Ipv6Addr", r#"[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1] and not "::1""#),
    ("SocketAddr", r#"{"V4":[[127,0,0,1],80]} and not "127.0.0.1:80""#),
    ("SocketAddrV6", r#"[[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1],1] and not "[::1]:1""#),
    (
        "uuid::Uuid",
        r#"[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0] and not "00000000-0000-0000-0000-000000000000""#,
    ),
    (
        "HashMap<uuid::Uuid, uuid::Uuid>",
        "bincode2: HashMap<Uuid, Uuid>{key 0} cannot be written: key must be a string",
    ),
    (
        "(url::Url, uuid::Uuid, u8)",
        r#"["http://a/",[36,146,73,36,146,73,36,146,73,36,146,73,36,146 and not ["http://a/","24924924-9249-2492-4924-924924924924",7]"#,
    ),
    ("time::Date", r#"[-9999,1] and not "-9999-01-01""#),
    ("time::Time", r#"[0,0,0,0] and not "00:00:00.0""#),
    (
        "time::OffsetDateTime",
        r#"[2024,60,23,59,59,500000000,2,30,0] and not "2024-02-29 23:59:59.5 +02:30:00""#,
    ),
    (
        "(time::PrimitiveDateTime, time::Duration, u8)",
        r#"[[-9999,1,0,0,0,0],[-1,-500000000],7] and not ["-9999-01-01 00:00:00.0","-1.500000000",7]"#,
    ),
    (
        "(time::Weekday, time::Month, time::UtcOffset, u8)",
        r#"[7,5,[2,30,0],7] and not ["Sunday","May","+02:30:00",7]"#,
    ),
    (
        "Checked",
        r#"{"port":65535,"link":"http://a/","id":[255,255,255,255,255,2 and not {"port":65535,"link":"http://a/","id":"ffffffff-ffff-ffff-ff"#,
    ),
    ("FieldAliases", r#"{"a":1,"also":2,"c":3} and not {"a":1,"bee":2,"c":3}"#),
];
