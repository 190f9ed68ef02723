//! Warnings of libjpeg that are errors here: data that end before the picture does. The rest would be filled with gray.

use std::cell::Cell;
use std::panic::resume_unwind;
use std::ptr;

use mozjpeg_sys::{JWRN_HIT_MARKER, c_int, jpeg_common_struct, jpeg_error_mgr, jpeg_std_error};

thread_local! {
    /// Tells whether libjpeg has warned of that on this thread.
    static ENDED_EARLY: Cell<bool> = const { Cell::new(false) };
}

/// Returns a handler for a new decoder, which unwinds with libjpeg's message where it gives up.
pub(super) fn handler() -> jpeg_error_mgr {
    let mut handler = jpeg_error_mgr {
        error_exit: None,
        emit_message: None,
        output_message: None,
        format_message: None,
        reset_error_mgr: None,
        msg_code: 0,
        msg_parm: mozjpeg_sys::msg_parm_union::default(),
        trace_level: 0,
        num_warnings: 0,
        jpeg_message_table: ptr::null(),
        last_jpeg_message: 0,
        addon_message_table: ptr::null(),
        first_addon_message: 0,
        last_addon_message: 0,
    };
    fill(&mut handler);
    handler.error_exit = Some(give_up);
    handler.emit_message = Some(warn);
    handler
}

/// Says whether the data of a picture ended before it did, since this was asked last on this thread.
///
/// Decoders may take turns on a thread, if this is asked after each of their turns.
pub(super) fn ended_early() -> bool {
    ENDED_EARLY.take()
}

#[expect(unsafe_code, reason = "the table of messages is libjpeg's")]
fn fill(handler: &mut jpeg_error_mgr) {
    // SAFETY: it writes the struct it is given, and nothing else.
    unsafe {
        jpeg_std_error(handler);
    }
}

#[expect(unsafe_code, reason = "libjpeg hands out a pointer to the handler")]
extern "C-unwind" fn warn(decoder: &mut jpeg_common_struct, _level: c_int) {
    // SAFETY: the pointer is that of the handler, which the decoder owns and which outlives the call.
    let code = unsafe { decoder.err.as_ref() }.map_or(0, |handler| handler.msg_code);
    if code == JWRN_HIT_MARKER {
        ENDED_EARLY.set(true);
    }
}

#[expect(
    unsafe_code,
    reason = "libjpeg hands out a pointer to the handler, and writes the message"
)]
extern "C-unwind" fn give_up(decoder: &mut jpeg_common_struct) {
    let mut message = [0_u8; 80];
    let written: *mut [u8; 80] = &raw mut message;
    // SAFETY: as above; the message has room for what libjpeg writes, 80 bytes with its end, and is read through
    // the same pointer only after it was written.
    let message = unsafe {
        if let Some(format) = decoder.err.as_ref().and_then(|handler| handler.format_message) {
            format(decoder, &*written);
        }
        *written
    };
    let text = message.split(|byte| *byte == 0).next().unwrap_or_default();
    // Past the panic hook: it is the image that is at fault.
    resume_unwind(Box::new(String::from_utf8_lossy(text).into_owned()));
}
