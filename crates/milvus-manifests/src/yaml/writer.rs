//! Maps and lists as blocks, in the order in which they come.

use serde::{
    Serialize, Serializer,
    de::value::Error,
    ser::{self, Error as _, Impossible},
};

use super::scalar;

/// How far a block is indented behind the one that it is in.
const STEP: usize = 2;
/// YAML's limit for a key on the line of its value.
const LONGEST_KEY: usize = 1000;

/// What stands on the line already.
#[derive(Clone, Copy)]
enum After {
    /// Nothing: a document begins.
    Nothing,
    /// A key, without its blank.
    Key,
    /// A list's dash, without its blank.
    Dash,
    /// The indentation of a key, which is what comes now.
    Indentation,
}

/// Writes one value behind what is on the line already.
pub(super) struct Writer<'a> {
    text: &'a mut String,
    after: After,
    /// The column of the key or the dash that the value belongs to.
    column: usize,
}

impl<'a> Writer<'a> {
    /// For a whole document.
    pub(super) fn new(text: &'a mut String) -> Self {
        Self {
            text,
            after: After::Nothing,
            column: 0,
        }
    }

    fn value(self, write: impl FnOnce(&mut String, usize)) {
        if let After::Key | After::Dash = self.after {
            self.text.push(' ');
        }
        write(self.text, self.column + STEP);
        if !matches!(self.after, After::Indentation) {
            self.text.push('\n');
        }
    }

    fn word(self, word: &str) {
        self.value(|text, _| text.push_str(word));
    }

    fn integer(self, value: impl std::fmt::Display) {
        self.value(|text, _| scalar::integer(text, value));
    }

    fn block(self, kind: Kind) -> Result<Block<'a>, Error> {
        let column = match (self.after, kind) {
            (After::Nothing, _) | (After::Key, Kind::List) => self.column,
            (After::Key, Kind::Map) | (After::Dash, _) => self.column + STEP,
            (After::Indentation, _) => return Err(Error::custom("a key is not one text")),
        };
        Ok(Block {
            text: self.text,
            after: self.after,
            column,
            kind,
            is_empty: true,
        })
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Map,
    List,
}

/// A map or a list that is being written.
pub(super) struct Block<'a> {
    text: &'a mut String,
    /// What stood on the line where it began.
    after: After,
    /// The column of its keys or dashes.
    column: usize,
    kind: Kind,
    is_empty: bool,
}

impl Block<'_> {
    /// Goes to where the next key or dash belongs.
    fn next(&mut self) {
        match (self.is_empty, self.after) {
            (true, After::Nothing | After::Indentation) => {}
            (true, After::Dash) => self.text.push(' '),
            (true, After::Key) => {
                self.text.push('\n');
                self.indent();
            }
            (false, _) => self.indent(),
        }
        self.is_empty = false;
    }

    fn indent(&mut self) {
        const SPACES: &str = "                                                                ";
        let mut left = self.column;
        while left > SPACES.len() {
            self.text.push_str(SPACES);
            left -= SPACES.len();
        }
        self.text.push_str(&SPACES[..left]);
    }

    fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.next();
        let start = self.text.len();
        key.serialize(self.inner(After::Indentation))?;
        if self.text.len() - start > LONGEST_KEY {
            self.text.insert_str(start, "? ");
            self.text.push('\n');
            self.indent();
        }
        self.text.push(':');
        Ok(())
    }

    fn inner(&mut self, after: After) -> Writer<'_> {
        Writer {
            text: self.text,
            after,
            column: self.column,
        }
    }

    fn finish(self) {
        if !self.is_empty {
            return;
        }
        let writer = Writer {
            text: self.text,
            after: self.after,
            column: self.column,
        };
        writer.word(match self.kind {
            Kind::Map => "{}",
            Kind::List => "[]",
        });
    }
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Block<'a>;
    type SerializeTuple = Block<'a>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Block<'a>;
    type SerializeStruct = Block<'a>;
    type SerializeStructVariant = Impossible<(), Error>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.word(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.integer(value);
        Ok(())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.integer(value);
        Ok(())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.integer(value);
        Ok(())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        self.integer(value);
        Ok(())
    }

    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.integer(value);
        Ok(())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.integer(value);
        Ok(())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.integer(value);
        Ok(())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.integer(value);
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.value(|text, _| scalar::float(text, value));
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        let is_key = matches!(self.after, After::Indentation);
        self.value(|text, indent| {
            if !is_key && scalar::is_block(value) {
                scalar::block(text, value, indent);
            } else {
                scalar::text(text, value);
            }
        });
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Error> {
        Err(Error::custom("bytes have no place in such a file"))
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.word("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut map = self.block(Kind::Map)?;
        ser::SerializeMap::serialize_entry(&mut map, variant, value)?;
        map.finish();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Block<'a>, Error> {
        self.block(Kind::List)
    }

    fn serialize_tuple(self, _: usize) -> Result<Block<'a>, Error> {
        self.block(Kind::List)
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Error> {
        Err(unknown(name))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        Err(unknown(name))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Block<'a>, Error> {
        self.block(Kind::Map)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Block<'a>, Error> {
        self.block(Kind::Map)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        Err(unknown(name))
    }
}

/// Kubernetes' objects and Milvus' settings have neither structs without names of fields nor variants with fields.
fn unknown(name: &str) -> Error {
    Error::custom(format_args!("{name} has no form in such a file"))
}

impl ser::SerializeSeq for Block<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.next();
        self.text.push('-');
        value.serialize(self.inner(After::Dash))
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}

impl ser::SerializeTuple for Block<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        ser::SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}

impl ser::SerializeMap for Block<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(self.inner(After::Key))
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}

impl ser::SerializeStruct for Block<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.next();
        scalar::name(self.text, key);
        self.text.push(':');
        value.serialize(self.inner(After::Key))
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}
