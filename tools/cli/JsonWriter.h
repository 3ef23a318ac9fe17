// Writes one JSON value to a string, in the order of the calls. Misuse (a key outside an object) asserts. Text that is
// not UTF-8 comes out with U+FFFD for each wrong byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::cli {

class JsonWriter {
public:
  JsonWriter &beginObject() { return open('{'); }
  JsonWriter &endObject() { return close('}'); }
  JsonWriter &beginArray() { return open('['); }
  JsonWriter &endArray() { return close(']'); }
  JsonWriter &key(std::string_view name);

  JsonWriter &value(std::string_view text);
  JsonWriter &value(const char *text) { return value(std::string_view(text)); }
  JsonWriter &value(const std::string &text) { return value(std::string_view(text)); }
  JsonWriter &value(bool truth) { return raw(truth ? "true" : "false"); }
  JsonWriter &value(double number); // shortest form that reads back the same; null when not finite
  JsonWriter &value(float number) { return value(static_cast<double>(number)); }
  template <typename Integer> JsonWriter &value(Integer number) { return raw(std::to_string(number)); }
  JsonWriter &null() { return raw("null"); }

  // key(name).value(v)
  template <typename T> JsonWriter &field(std::string_view name, const T &v) { return key(name).value(v); }

  // The text so far, one line; complete when every object and array is closed.
  const std::string &text() const { return text_; }

private:
  JsonWriter &open(char bracket);
  JsonWriter &close(char bracket);
  JsonWriter &raw(std::string_view text);
  void separate();
  void quote(std::string_view text);

  std::string text_;
  std::vector<bool> hasItems_; // one per open object or array
  bool afterKey_ = false;
};

} // namespace tenon::cli
