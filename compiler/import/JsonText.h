// Writes JSON: what a GGUF file says is handed on as the files of a Hugging Face folder.
#pragma once

#include <string>
#include <string_view>

namespace tenon {

// `utf8` (valid) in double quotes, escaped.
std::string jsonString(std::string_view utf8);
// The shortest decimal that reads back as `value`; JSON has none for NaN and infinities, which are written as null.
std::string jsonNumber(double value);

} // namespace tenon
