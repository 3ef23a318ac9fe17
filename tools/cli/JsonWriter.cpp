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

void JsonWriter::quote(std::string_view text) {
  text_ += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
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
