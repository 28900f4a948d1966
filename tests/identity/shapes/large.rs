//! Types that are large or deep.

use serde::{Deserialize, Serialize};

use super::{AllVariantKinds, Leaf};

/// A hundred variants of three kinds.
#[derive(Debug, Serialize, Deserialize)]
pub enum BigEnum {
    V0,
    V1(u16),
    V2 { a: String, b: Option<u8> },
    V3,
    V4(u8),
    V5 { a: String, b: Option<u8> },
    V6,
    V7(u64),
    V8 { a: String, b: Option<u8> },
    V9,
    V10(u32),
    V11 { a: String, b: Option<u8> },
    V12,
    V13(u16),
    V14 { a: String, b: Option<u8> },
    V15,
    V16(u8),
    V17 { a: String, b: Option<u8> },
    V18,
    V19(u64),
    V20 { a: String, b: Option<u8> },
    V21,
    V22(u32),
    V23 { a: String, b: Option<u8> },
    V24,
    V25(u16),
    V26 { a: String, b: Option<u8> },
    V27,
    V28(u8),
    V29 { a: String, b: Option<u8> },
    V30,
    V31(u64),
    V32 { a: String, b: Option<u8> },
    V33,
    V34(u32),
    V35 { a: String, b: Option<u8> },
    V36,
    V37(u16),
    V38 { a: String, b: Option<u8> },
    V39,
    V40(u8),
    V41 { a: String, b: Option<u8> },
    V42,
    V43(u64),
    V44 { a: String, b: Option<u8> },
    V45,
    V46(u32),
    V47 { a: String, b: Option<u8> },
    V48,
    V49(u16),
    V50 { a: String, b: Option<u8> },
    V51,
    V52(u8),
    V53 { a: String, b: Option<u8> },
    V54,
    V55(u64),
    V56 { a: String, b: Option<u8> },
    V57,
    V58(u32),
    V59 { a: String, b: Option<u8> },
    V60,
    V61(u16),
    V62 { a: String, b: Option<u8> },
    V63,
    V64(u8),
    V65 { a: String, b: Option<u8> },
    V66,
    V67(u64),
    V68 { a: String, b: Option<u8> },
    V69,
    V70(u32),
    V71 { a: String, b: Option<u8> },
    V72,
    V73(u16),
    V74 { a: String, b: Option<u8> },
    V75,
    V76(u8),
    V77 { a: String, b: Option<u8> },
    V78,
    V79(u64),
    V80 { a: String, b: Option<u8> },
    V81,
    V82(u32),
    V83 { a: String, b: Option<u8> },
    V84,
    V85(u16),
    V86 { a: String, b: Option<u8> },
    V87,
    V88(u8),
    V89 { a: String, b: Option<u8> },
    V90,
    V91(u64),
    V92 { a: String, b: Option<u8> },
    V93,
    V94(u32),
    V95 { a: String, b: Option<u8> },
    V96,
    V97(u16),
    V98 { a: String, b: Option<u8> },
    V99,
}

/// A hundred variants, all but the last of which contain the enum itself.
#[derive(Debug, Serialize, Deserialize)]
pub enum RecursiveBigEnum {
    V0(Box<RecursiveBigEnum>, u8),
    V1(Box<RecursiveBigEnum>, u8),
    V2(Box<RecursiveBigEnum>, u8),
    V3(Box<RecursiveBigEnum>, u8),
    V4(Box<RecursiveBigEnum>, u8),
    V5(Box<RecursiveBigEnum>, u8),
    V6(Box<RecursiveBigEnum>, u8),
    V7(Box<RecursiveBigEnum>, u8),
    V8(Box<RecursiveBigEnum>, u8),
    V9(Box<RecursiveBigEnum>, u8),
    V10(Box<RecursiveBigEnum>, u8),
    V11(Box<RecursiveBigEnum>, u8),
    V12(Box<RecursiveBigEnum>, u8),
    V13(Box<RecursiveBigEnum>, u8),
    V14(Box<RecursiveBigEnum>, u8),
    V15(Box<RecursiveBigEnum>, u8),
    V16(Box<RecursiveBigEnum>, u8),
    V17(Box<RecursiveBigEnum>, u8),
    V18(Box<RecursiveBigEnum>, u8),
    V19(Box<RecursiveBigEnum>, u8),
    V20(Box<RecursiveBigEnum>, u8),
    V21(Box<RecursiveBigEnum>, u8),
    V22(Box<RecursiveBigEnum>, u8),
    V23(Box<RecursiveBigEnum>, u8),
    V24(Box<RecursiveBigEnum>, u8),
    V25(Box<RecursiveBigEnum>, u8),
    V26(Box<RecursiveBigEnum>, u8),
    V27(Box<RecursiveBigEnum>, u8),
    V28(Box<RecursiveBigEnum>, u8),
    V29(Box<RecursiveBigEnum>, u8),
    V30(Box<RecursiveBigEnum>, u8),
    V31(Box<RecursiveBigEnum>, u8),
    V32(Box<RecursiveBigEnum>, u8),
    V33(Box<RecursiveBigEnum>, u8),
    V34(Box<RecursiveBigEnum>, u8),
    V35(Box<RecursiveBigEnum>, u8),
    V36(Box<RecursiveBigEnum>, u8),
    V37(Box<RecursiveBigEnum>, u8),
    V38(Box<RecursiveBigEnum>, u8),
    V39(Box<RecursiveBigEnum>, u8),
    V40(Box<RecursiveBigEnum>, u8),
    V41(Box<RecursiveBigEnum>, u8),
    V42(Box<RecursiveBigEnum>, u8),
    V43(Box<RecursiveBigEnum>, u8),
    V44(Box<RecursiveBigEnum>, u8),
    V45(Box<RecursiveBigEnum>, u8),
    V46(Box<RecursiveBigEnum>, u8),
    V47(Box<RecursiveBigEnum>, u8),
    V48(Box<RecursiveBigEnum>, u8),
    V49(Box<RecursiveBigEnum>, u8),
    V50(Box<RecursiveBigEnum>, u8),
    V51(Box<RecursiveBigEnum>, u8),
    V52(Box<RecursiveBigEnum>, u8),
    V53(Box<RecursiveBigEnum>, u8),
    V54(Box<RecursiveBigEnum>, u8),
    V55(Box<RecursiveBigEnum>, u8),
    V56(Box<RecursiveBigEnum>, u8),
    V57(Box<RecursiveBigEnum>, u8),
    V58(Box<RecursiveBigEnum>, u8),
    V59(Box<RecursiveBigEnum>, u8),
    V60(Box<RecursiveBigEnum>, u8),
    V61(Box<RecursiveBigEnum>, u8),
    V62(Box<RecursiveBigEnum>, u8),
    V63(Box<RecursiveBigEnum>, u8),
    V64(Box<RecursiveBigEnum>, u8),
    V65(Box<RecursiveBigEnum>, u8),
    V66(Box<RecursiveBigEnum>, u8),
    V67(Box<RecursiveBigEnum>, u8),
    V68(Box<RecursiveBigEnum>, u8),
    V69(Box<RecursiveBigEnum>, u8),
    V70(Box<RecursiveBigEnum>, u8),
    V71(Box<RecursiveBigEnum>, u8),
    V72(Box<RecursiveBigEnum>, u8),
    V73(Box<RecursiveBigEnum>, u8),
    V74(Box<RecursiveBigEnum>, u8),
    V75(Box<RecursiveBigEnum>, u8),
    V76(Box<RecursiveBigEnum>, u8),
    V77(Box<RecursiveBigEnum>, u8),
    V78(Box<RecursiveBigEnum>, u8),
    V79(Box<RecursiveBigEnum>, u8),
    V80(Box<RecursiveBigEnum>, u8),
    V81(Box<RecursiveBigEnum>, u8),
    V82(Box<RecursiveBigEnum>, u8),
    V83(Box<RecursiveBigEnum>, u8),
    V84(Box<RecursiveBigEnum>, u8),
    V85(Box<RecursiveBigEnum>, u8),
    V86(Box<RecursiveBigEnum>, u8),
    V87(Box<RecursiveBigEnum>, u8),
    V88(Box<RecursiveBigEnum>, u8),
    V89(Box<RecursiveBigEnum>, u8),
    V90(Box<RecursiveBigEnum>, u8),
    V91(Box<RecursiveBigEnum>, u8),
    V92(Box<RecursiveBigEnum>, u8),
    V93(Box<RecursiveBigEnum>, u8),
    V94(Box<RecursiveBigEnum>, u8),
    V95(Box<RecursiveBigEnum>, u8),
    V96(Box<RecursiveBigEnum>, u8),
    V97(Box<RecursiveBigEnum>, u8),
    V98(Box<RecursiveBigEnum>, u8),
    Base,
}

/// Sixty fields.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct BigStruct {
    pub field_0: u8,
    pub field_1: String,
    pub field_2: Option<u16>,
    pub field_3: Vec<Leaf>,
    pub field_4: AllVariantKinds,
    pub field_5: (u8, f64),
    pub field_6: u8,
    pub field_7: String,
    pub field_8: Option<u16>,
    pub field_9: Vec<Leaf>,
    pub field_10: AllVariantKinds,
    pub field_11: (u8, f64),
    pub field_12: u8,
    pub field_13: String,
    pub field_14: Option<u16>,
    pub field_15: Vec<Leaf>,
    pub field_16: AllVariantKinds,
    pub field_17: (u8, f64),
    pub field_18: u8,
    pub field_19: String,
    pub field_20: Option<u16>,
    pub field_21: Vec<Leaf>,
    pub field_22: AllVariantKinds,
    pub field_23: (u8, f64),
    pub field_24: u8,
    pub field_25: String,
    pub field_26: Option<u16>,
    pub field_27: Vec<Leaf>,
    pub field_28: AllVariantKinds,
    pub field_29: (u8, f64),
    pub field_30: u8,
    pub field_31: String,
    pub field_32: Option<u16>,
    pub field_33: Vec<Leaf>,
    pub field_34: AllVariantKinds,
    pub field_35: (u8, f64),
    pub field_36: u8,
    pub field_37: String,
    pub field_38: Option<u16>,
    pub field_39: Vec<Leaf>,
    pub field_40: AllVariantKinds,
    pub field_41: (u8, f64),
    pub field_42: u8,
    pub field_43: String,
    pub field_44: Option<u16>,
    pub field_45: Vec<Leaf>,
    pub field_46: AllVariantKinds,
    pub field_47: (u8, f64),
    pub field_48: u8,
    pub field_49: String,
    pub field_50: Option<u16>,
    pub field_51: Vec<Leaf>,
    pub field_52: AllVariantKinds,
    pub field_53: (u8, f64),
    pub field_54: u8,
    pub field_55: String,
    pub field_56: Option<u16>,
    pub field_57: Vec<Leaf>,
    pub field_58: AllVariantKinds,
    pub field_59: (u8, f64),
}

/// A struct to be put around another type.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Level<T>(pub Box<T>);

type Levels5<T> = Level<Level<Level<Level<Level<T>>>>>;
type Levels25<T> = Levels5<Levels5<Levels5<Levels5<Levels5<T>>>>>;

/// An enum inside fifty structs.
pub type Deep = Levels25<Levels25<AllVariantKinds>>;

/// A syntax tree of many mutually recursive types, only one of which has an end.
pub type Syntax = Syntax0;

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax0 {
    Single(Box<Syntax1>),
    Pair { left: Box<Syntax1>, right: Vec<Syntax2> },
    Many(Vec<Option<Syntax5>>, Box<Syntax1>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax1 {
    Single(Box<Syntax8>),
    Pair { left: Box<Syntax2>, right: Vec<Syntax5> },
    Many(Vec<Option<Syntax16>>, Box<Syntax2>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax2 {
    Single(Box<Syntax15>),
    Pair { left: Box<Syntax3>, right: Vec<Syntax8> },
    Many(Vec<Option<Syntax7>>, Box<Syntax3>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax3 {
    Single(Box<Syntax2>),
    Pair { left: Box<Syntax4>, right: Vec<Syntax11> },
    Many(Vec<Option<Syntax18>>, Box<Syntax4>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax4 {
    Single(Box<Syntax9>),
    Pair { left: Box<Syntax5>, right: Vec<Syntax14> },
    Many(Vec<Option<Syntax9>>, Box<Syntax5>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax5 {
    Single(Box<Syntax16>),
    Pair { left: Box<Syntax6>, right: Vec<Syntax17> },
    Many(Vec<Option<Syntax0>>, Box<Syntax6>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax6 {
    Single(Box<Syntax3>),
    Pair { left: Box<Syntax7>, right: Vec<Syntax0> },
    Many(Vec<Option<Syntax11>>, Box<Syntax7>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax7 {
    Single(Box<Syntax10>),
    Pair { left: Box<Syntax8>, right: Vec<Syntax3> },
    Many(Vec<Option<Syntax2>>, Box<Syntax8>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax8 {
    Single(Box<Syntax17>),
    Pair { left: Box<Syntax9>, right: Vec<Syntax6> },
    Many(Vec<Option<Syntax13>>, Box<Syntax9>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax9 {
    Single(Box<Syntax4>),
    Pair { left: Box<Syntax10>, right: Vec<Syntax9> },
    Many(Vec<Option<Syntax4>>, Box<Syntax10>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax10 {
    Single(Box<Syntax11>),
    Pair { left: Box<Syntax11>, right: Vec<Syntax12> },
    Many(Vec<Option<Syntax15>>, Box<Syntax11>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax11 {
    Single(Box<Syntax18>),
    Pair { left: Box<Syntax12>, right: Vec<Syntax15> },
    Many(Vec<Option<Syntax6>>, Box<Syntax12>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax12 {
    Single(Box<Syntax5>),
    Pair { left: Box<Syntax13>, right: Vec<Syntax18> },
    Many(Vec<Option<Syntax17>>, Box<Syntax13>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax13 {
    Single(Box<Syntax12>),
    Pair { left: Box<Syntax14>, right: Vec<Syntax1> },
    Many(Vec<Option<Syntax8>>, Box<Syntax14>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax14 {
    Single(Box<Syntax19>),
    Pair { left: Box<Syntax15>, right: Vec<Syntax4> },
    Many(Vec<Option<Syntax19>>, Box<Syntax15>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax15 {
    Single(Box<Syntax6>),
    Pair { left: Box<Syntax16>, right: Vec<Syntax7> },
    Many(Vec<Option<Syntax10>>, Box<Syntax16>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax16 {
    Single(Box<Syntax13>),
    Pair { left: Box<Syntax17>, right: Vec<Syntax10> },
    Many(Vec<Option<Syntax1>>, Box<Syntax17>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax17 {
    Single(Box<Syntax0>),
    Pair { left: Box<Syntax18>, right: Vec<Syntax13> },
    Many(Vec<Option<Syntax12>>, Box<Syntax18>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax18 {
    Single(Box<Syntax7>),
    Pair { left: Box<Syntax19>, right: Vec<Syntax16> },
    Many(Vec<Option<Syntax3>>, Box<Syntax19>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Syntax19 {
    Single(Box<Syntax14>),
    Pair { left: Box<Syntax0>, right: Vec<Syntax19> },
    Many(Vec<Option<Syntax14>>, Box<Syntax0>),
    Base,
}
