#include "tools/cli/JsonWriter.h"

#include "runtime/base/Printable.h"

#include <algorithm>
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
  while (!text.empty()) {
    const size_t bytes = characterBytes(text);
    const std::string_view character = text.substr(0, std::max<size_t>(bytes, 1));
    text.remove_prefix(character.size());
    if (bytes == 0) { // file names need not be UTF-8, JSON must be
      text_ += "\uFFFD";
    } else if (character == "\"" || character == "\\") {
      text_.append("\\").append(character);
    } else if (isControl(character)) { // those of two bytes are U+0080 to U+009F, as their second byte says
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned char>(character.back()));
      text_ += escaped;
    } else {
      text_ += character;
    }
  }
  text_ += '"';
}

} // namespace tenon::cli
