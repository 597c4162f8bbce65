#pragma once

#include "cli/sim/call.hpp"

#include <string_view>

namespace obliv::sim {

// Pictures and sound as OpenAI's clients ask for them: functions of the request alone. Marks are
// looked for in the prompt, of speech in its text.

/// One grey point for each picture, as PNG in base64; ten tokens each.
Result<Call> read_image_generation(std::string_view body);

/// A form: edits and variations.
Result<Call> read_image_form(std::string_view body, std::string_view content_type);

/// Silence: a second for ten words, as WAV, PCM or MP3.
Result<Call> read_speech(std::string_view body);

/// A form. Two words of text for each second of a WAV file, and for each 16 kB of any other.
Result<Call> read_transcription(std::string_view body, std::string_view content_type);

}  // namespace obliv::sim
