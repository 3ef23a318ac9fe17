// GPT-2's alphabet of bytes: every byte is written as one printable character, so that a vocabulary of texts can hold
// bytes. Printable bytes of Latin-1 stand for themselves, the other 68 for U+0100 onwards, in order.
#pragma once

#include <string>
#include <string_view>

namespace tenon::text {

// The byte's character in UTF-8.
std::string_view byteCharacter(unsigned char byte);
// The byte that a character stands for, or -1.
int byteOfCharacter(char32_t code);

} // namespace tenon::text
