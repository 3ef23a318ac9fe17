// Members of JSON objects as tokenizer files use them: a member that is null counts as absent.
#pragma once

#include "runtime/base/Json.h"

namespace tenon::text {

inline std::optional<JsonValue> present(const JsonValue &object, std::string_view key) {
  std::optional<JsonValue> value = object.find(key);
  return value && !value->isNull() ? value : std::nullopt;
}

inline Result<bool> booleanAt(const JsonValue &object, std::string_view key) {
  TENON_ASSIGN(JsonValue value, object.member(key));
  return value.boolean();
}

inline Result<bool> booleanOr(const JsonValue &object, std::string_view key, bool otherwise) {
  std::optional<JsonValue> value = present(object, key);
  return value ? value->boolean() : Result<bool>(otherwise);
}

inline Result<std::string_view> stringAt(const JsonValue &object, std::string_view key) {
  TENON_ASSIGN(JsonValue value, object.member(key));
  return value.string();
}

inline Result<JsonElements> elementsAt(const JsonValue &object, std::string_view key) {
  TENON_ASSIGN(JsonValue value, object.member(key));
  return value.asArray();
}

inline Status invalidAt(const JsonValue &value, std::string_view expected, std::string_view got) {
  return value.error("expected " + std::string(expected) + ", got " + std::string(got));
}

// "FILE: PATH", for messages that are made when the document is gone.
inline std::string placeOf(const JsonValue &value) { return value.file() + ": " + value.path(); }

} // namespace tenon::text
