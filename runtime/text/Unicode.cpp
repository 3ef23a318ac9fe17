#include "runtime/text/Unicode.h"

#include <cassert>
#include <utf8proc.h>

namespace tenon::text {

namespace {

enum class Sequence { Valid, Invalid, CutOff };
struct Scanned {
  Sequence kind;
  size_t length; // bytes to take: the character, the maximal subpart, or all that is left
};

// Reads one character by table 3-7 of the Unicode standard (well-formed UTF-8 byte sequences).
Scanned scan(std::string_view bytes) {
  auto at = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  unsigned char lead = at(0);
  if (lead < 0x80)
    return {Sequence::Valid, 1};
  if (lead < 0xC2 || lead > 0xF4)
    return {Sequence::Invalid, 1};
  size_t length = utf8Length(bytes[0]);
  unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (size_t i = 1; i < length; ++i) {
    if (i == bytes.size())
      return {Sequence::CutOff, i};
    if (at(i) < low || at(i) > high)
      return {Sequence::Invalid, i};
    low = 0x80;
    high = 0xBF;
  }
  return {Sequence::Valid, length};
}

utf8proc_category_t categoryOf(char32_t code) { return utf8proc_category(static_cast<utf8proc_int32_t>(code)); }

} // namespace

size_t validUtf8Prefix(std::string_view bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    Scanned next = scan(bytes.substr(at));
    if (next.kind != Sequence::Valid)
      break;
    at += next.length;
  }
  return at;
}

Character characterAt(std::string_view text, size_t at) {
  auto byte = [&](size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[at + i])); };
  assert(at < text.size());
  size_t length = utf8Length(text[at]);
  assert(length <= text.size() - at && "text is valid UTF-8");
  switch (length) {
  case 1:
    return {byte(0), 1};
  case 2:
    return {(byte(0) & 0x1F) << 6 | (byte(1) & 0x3F), 2};
  case 3:
    return {(byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F), 3};
  default:
    return {(byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F), 4};
  }
}

Character characterBefore(std::string_view text, size_t end) {
  assert(end > 0);
  size_t at = end - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80)
    --at;
  return characterAt(text, at);
}

void appendUtf8(std::string &out, char32_t code) {
  auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

bool isWhitespace(char32_t code) {
  if (code < 0x80)
    return code == ' ' || (code >= '\t' && code <= '\r');
  if (code == 0x85)
    return true;
  utf8proc_category_t category = categoryOf(code);
  return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

bool isNumeric(char32_t code) {
  if (code < 0x80)
    return code >= '0' && code <= '9';
  utf8proc_category_t category = categoryOf(code);
  return category == UTF8PROC_CATEGORY_ND || category == UTF8PROC_CATEGORY_NL || category == UTF8PROC_CATEGORY_NO;
}

bool isWordCharacter(char32_t code) {
  if (code == 0x200C || code == 0x200D) // Join_Control
    return true;
  // Symbols with Other_Alphabetic: the circled, squared and negative squared Latin letters.
  if ((code >= 0x24B6 && code <= 0x24E9) || (code >= 0x1F130 && code <= 0x1F149) ||
      (code >= 0x1F150 && code <= 0x1F169) || (code >= 0x1F170 && code <= 0x1F189))
    return true;
  switch (categoryOf(code)) {
  case UTF8PROC_CATEGORY_LU:
  case UTF8PROC_CATEGORY_LL:
  case UTF8PROC_CATEGORY_LT:
  case UTF8PROC_CATEGORY_LM:
  case UTF8PROC_CATEGORY_LO:
  case UTF8PROC_CATEGORY_MN:
  case UTF8PROC_CATEGORY_MC:
  case UTF8PROC_CATEGORY_ME:
  case UTF8PROC_CATEGORY_ND:
  case UTF8PROC_CATEGORY_NL:
  case UTF8PROC_CATEGORY_PC:
    return true;
  default:
    return false;
  }
}

void appendLowercase(std::string &out, char32_t code) {
  if (code == 0x130) { // the only character whose unconditional mapping is two characters: i with a combining dot above
    out += "i\xCC\x87";
    return;
  }
  appendUtf8(out, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code))));
}

void LossyUtf8::push(std::string_view bytes, std::string &out) {
  std::string joined;
  if (!waiting_.empty()) {
    joined = waiting_;
    joined += bytes;
    waiting_.clear();
    bytes = joined;
  }
  while (!bytes.empty()) {
    Scanned next = scan(bytes);
    if (next.kind == Sequence::CutOff) {
      waiting_ = bytes;
      return;
    }
    if (next.kind == Sequence::Valid)
      out += bytes.substr(0, next.length);
    else
      out += replacementCharacter;
    bytes.remove_prefix(next.length);
  }
}

void LossyUtf8::finish(std::string &out) {
  if (!waiting_.empty())
    out += replacementCharacter;
  waiting_.clear();
}

} // namespace tenon::text
