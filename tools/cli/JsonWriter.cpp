#include "tools/cli/JsonWriter.h"

#include <cassert>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace tenon::cli {

void JsonWriter::separate() {
  if (afterKey_) {
    afterKey_ = false;
    return;
  }
  if (!hasItems_.empty()) {
    if (hasItems_.back())
      text_ += ',';
    hasItems_.back() = true;
  }
}

JsonWriter &JsonWriter::open(char bracket) {
  separate();
  text_ += bracket;
  hasItems_.push_back(false);
  return *this;
}

JsonWriter &JsonWriter::close(char bracket) {
  assert(!hasItems_.empty() && !afterKey_ && "nothing to close");
  hasItems_.pop_back();
  text_ += bracket;
  return *this;
}

JsonWriter &JsonWriter::key(std::string_view name) {
  assert(!hasItems_.empty() && !afterKey_ && "a key belongs in an object");
  separate();
  quote(name);
  text_ += ':';
  afterKey_ = true;
  return *this;
}

JsonWriter &JsonWriter::value(std::string_view text) {
  separate();
  quote(text);
  return *this;
}

JsonWriter &JsonWriter::value(double number) {
  if (!std::isfinite(number))
    return null();
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  return raw({buffer, static_cast<size_t>(end - buffer)});
}

JsonWriter &JsonWriter::raw(std::string_view text) {
  separate();
  text_ += text;
  return *this;
}

// Bytes of the UTF-8 character that `text` begins with; 0 when it begins with none.
static size_t characterBytes(std::string_view text) {
  auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  auto follows = [&](size_t i) { return byte(i) >> 6 == 2; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80)
    return 1;
  if (first >= 0xC2 && first <= 0xDF)
    return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) { // neither overlong nor a surrogate
    const bool inRange = follows(1) && (first != 0xE0 || second >= 0xA0) && (first != 0xED || second < 0xA0);
    return inRange && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) { // neither overlong nor above U+10FFFF
    const bool inRange = follows(1) && (first != 0xF0 || second >= 0x90) && (first != 0xF4 || second < 0x90);
    return inRange && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

void JsonWriter::quote(std::string_view text) {
  text_ += '"';
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) { // file names need not be UTF-8, JSON must be
      const size_t bytes = characterBytes(text.substr(at));
      text_ += bytes ? text.substr(at, bytes) : "\uFFFD";
      at += bytes ? bytes - 1 : 0;
      continue;
    }
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (byte < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", byte);
      text_ += escaped;
    } else {
      text_ += c;
    }
  }
  text_ += '"';
}

} // namespace tenon::cli
