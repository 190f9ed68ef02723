//! OpenJPEG behind safe calls: the one place that knows its pointers.
#![expect(
    unsafe_code,
    reason = "OpenJPEG is a C library, and no crate over it decodes parts of tiled pictures"
)]

use std::ffi::{CStr, c_char, c_void};
use std::io::{self, Read, Seek, SeekFrom};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::{ptr, slice};

use openjpeg_sys as opj;

use crate::ImagingError;
use crate::bytes::Section;

/// The state that OpenJPEG hands to its callbacks.
struct Context<'a> {
    section: Section<'a>,
    /// The bytes that follow upon the section: the end marker, where the file lacks it.
    tail: &'static [u8],
    at: u64,
    length: u64,
    /// Tells that more was asked for than there is.
    ended: bool,
    failure: Option<io::Error>,
    message: String,
}

/// A decoder of one codestream, and what it decoded last.
pub(super) struct Codestream<'a> {
    codec: *mut opj::opj_codec_t,
    stream: *mut opj::opj_stream_t,
    image: *mut opj::opj_image_t,
    /// Owned here, and given back to `Box` when this is dropped.
    context: *mut Context<'a>,
    owned: PhantomData<Context<'a>>,
}

/// A component of what was decoded last.
pub(super) struct Component<'a> {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Rows from the top, without gaps.
    pub(super) samples: &'a [i32],
}

impl<'a> Codestream<'a> {
    /// Reads the main header of the codestream in a section.
    ///
    /// It ends with `tail`, of which OpenJPEG would make an error if it is missing. It is read
    /// through a buffer of `buffer_bytes`, which is filled anew wherever it goes on.
    pub(super) fn open(
        section: Section<'a>,
        tail: &'static [u8],
        length: u64,
        buffer_bytes: usize,
    ) -> Result<Self, ImagingError> {
        let message = String::new();
        let (at, ended, failure) = (0, false, None);
        let length = length + tail.len() as u64;
        let context = Context { section, tail, at, length, ended, failure, message };
        let context = Box::into_raw(Box::new(context));
        // SAFETY: both calls take numbers only, and return null or what is destroyed in `drop`.
        let (codec, stream) = unsafe {
            let codec = opj::opj_create_decompress(opj::CODEC_FORMAT::OPJ_CODEC_J2K);
            (codec, opj::opj_stream_create(buffer_bytes, 1))
        };
        let mut this = Self { codec, stream, image: ptr::null_mut(), context, owned: PhantomData };
        if codec.is_null() || stream.is_null() {
            return Err(ImagingError::Io(io::ErrorKind::OutOfMemory.into()));
        }
        let data = context.cast::<c_void>();
        let mut parameters = MaybeUninit::uninit();
        // SAFETY: codec and stream are not null; `data` lives as long as they do, and is only
        // reached through this pointer while they work; the parameters are written whole by
        // the first call that is given them; `this.image` is written by the last.
        let read = unsafe {
            opj::opj_set_error_handler(codec, Some(note_error), data);
            opj::opj_stream_set_read_function(stream, Some(read));
            opj::opj_stream_set_skip_function(stream, Some(skip));
            opj::opj_stream_set_seek_function(stream, Some(seek));
            opj::opj_stream_set_user_data(stream, data, None);
            opj::opj_stream_set_user_data_length(stream, length);
            opj::opj_set_default_decoder_parameters(parameters.as_mut_ptr());
            opj::opj_setup_decoder(codec, parameters.as_mut_ptr()) != 0
                && opj::opj_read_header(stream, codec, &raw mut this.image) != 0
        };
        this.outcome(read)?;
        if this.image.is_null() {
            return Err(ImagingError::damaged("it has no picture"));
        }
        Ok(this)
    }

    /// Decodes a part, told by its edges on the reference grid.
    pub(super) fn decode(
        &mut self,
        (left, right): (i32, i32),
        (top, bottom): (i32, i32),
    ) -> Result<(), ImagingError> {
        // SAFETY: all three pointers are those of `open`, which returned them not null.
        let decoded = unsafe {
            opj::opj_set_decode_area(self.codec, self.image, left, top, right, bottom) != 0
                && opj::opj_decode(self.codec, self.stream, self.image) != 0
        };
        self.outcome(decoded)
    }

    /// Returns the components of what was decoded last.
    pub(super) fn components(&self) -> Vec<Component<'_>> {
        // SAFETY: the image is that of `open`. OpenJPEG keeps as many components as it says,
        // each with a sample for every pixel of its size or with none at all, and leaves them
        // alone until the next call, which needs this borrowed anew.
        let components = unsafe {
            let image = &*self.image;
            match image.comps.is_null() {
                true => &[],
                false => slice::from_raw_parts(image.comps, image.numcomps as usize),
            }
        };
        let samples = |component: &opj::opj_image_comp_t| {
            let count = component.w as usize * component.h as usize;
            match component.data.is_null() {
                true => &[][..],
                // SAFETY: as above.
                false => unsafe { slice::from_raw_parts(component.data, count) },
            }
        };
        let component = |component: &opj::opj_image_comp_t| Component {
            width: component.w,
            height: component.h,
            samples: samples(component),
        };
        components.iter().map(component).collect()
    }

    /// Says why OpenJPEG gave up.
    fn outcome(&mut self, succeeded: bool) -> Result<(), ImagingError> {
        // SAFETY: OpenJPEG is at rest, so that nothing else reaches the context.
        let context = unsafe { &mut *self.context };
        if let Some(failure) = context.failure.take() {
            return Err(ImagingError::Io(failure));
        }
        match succeeded {
            true => Ok(()),
            false if context.ended => Err(ImagingError::Truncated),
            false if context.message.is_empty() => {
                Err(ImagingError::damaged("the decoder gave up on it"))
            }
            false => Err(ImagingError::Damaged(std::mem::take(&mut context.message))),
        }
    }
}

impl Drop for Codestream<'_> {
    fn drop(&mut self) {
        // SAFETY: each is null or was made by the matching call, and is used by nobody else;
        // the context goes last, because the stream refers to it.
        unsafe {
            if !self.image.is_null() {
                opj::opj_image_destroy(self.image);
            }
            if !self.codec.is_null() {
                opj::opj_destroy_codec(self.codec);
            }
            if !self.stream.is_null() {
                opj::opj_stream_destroy(self.stream);
            }
            drop(Box::from_raw(self.context));
        }
    }
}

impl Context<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let section_end = self.length - self.tail.len() as u64;
        let given = match self.at.checked_sub(section_end) {
            None => {
                self.section.seek(SeekFrom::Start(self.at))?;
                self.section.read(into)?
            }
            Some(behind) => {
                let behind = usize::try_from(behind).unwrap_or(usize::MAX);
                self.tail.get(behind..).unwrap_or_default().read(into)?
            }
        };
        self.at += given as u64;
        Ok(given)
    }

    /// Moves to a place, or to the end where that is nearer; says where it is then.
    fn move_to(&mut self, to: u64) -> u64 {
        self.ended |= to > self.length;
        self.at = to.min(self.length);
        self.at
    }
}

/// OpenJPEG's word for the end of a stream, and for failure.
const NOTHING: usize = usize::MAX;

unsafe extern "C" fn read(into: *mut c_void, bytes: usize, data: *mut c_void) -> usize {
    // SAFETY: OpenJPEG hands out the pointer it was given in `open`, and a buffer of `bytes`.
    let (context, into) = unsafe {
        (&mut *data.cast::<Context<'_>>(), slice::from_raw_parts_mut(into.cast::<u8>(), bytes))
    };
    match context.read(into) {
        Ok(0) => {
            context.ended = true;
            NOTHING
        }
        Ok(given) => given,
        Err(error) => {
            context.failure = Some(error);
            NOTHING
        }
    }
}

unsafe extern "C" fn skip(bytes: i64, data: *mut c_void) -> i64 {
    // SAFETY: as in `read`.
    let context = unsafe { &mut *data.cast::<Context<'_>>() };
    let from = context.at;
    // Less than asked for tells OpenJPEG that the stream is at its end.
    match context.move_to(from.saturating_add_signed(bytes)) {
        reached if reached == from && bytes > 0 => -1,
        reached => reached.cast_signed().wrapping_sub(from.cast_signed()),
    }
}

unsafe extern "C" fn seek(to: i64, data: *mut c_void) -> i32 {
    // SAFETY: as in `read`.
    let context = unsafe { &mut *data.cast::<Context<'_>>() };
    let Ok(to) = u64::try_from(to) else { return 0 };
    i32::from(context.move_to(to) == to)
}

unsafe extern "C" fn note_error(message: *const c_char, data: *mut c_void) {
    // SAFETY: OpenJPEG hands out the pointer it was given in `open`, and a text with its end.
    let (context, message) = unsafe { (&mut *data.cast::<Context<'_>>(), CStr::from_ptr(message)) };
    // The first says what happened; what follows says only who gave up on it.
    if context.message.is_empty() {
        message.to_string_lossy().trim().clone_into(&mut context.message);
    }
}
