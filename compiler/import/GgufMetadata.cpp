#include "compiler/import/GgufMetadata.h"

#include "compiler/import/JsonText.h"
#include "runtime/base/Json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace tenon {
namespace {

bool isWhole(GgufKind kind) {
  return kind != GgufKind::F32 && kind != GgufKind::F64 && kind != GgufKind::Bool && kind != GgufKind::String &&
         kind != GgufKind::Array;
}

// JSON has neither infinities nor NaN, messages do.
std::string numberText(double value) {
  return std::isnan(value) ? "NaN" : std::isinf(value) ? (value < 0 ? "-inf" : "inf") : jsonNumber(value);
}

double shortest(float value) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  double out = static_cast<double>(value); // infinities and NaN have no decimal
  std::from_chars(text, end, out);
  return out;
}

} // namespace

template <typename T> T GgufMetadata::at(uint64_t offset) const {
  T value;
  std::memcpy(&value, bytes_.data() + offset, sizeof(T)); // readGgufHeader has checked that it lies in the file
  return value;
}

// nullopt beyond the range of int64_t.
std::optional<int64_t> GgufMetadata::wholeNumber(GgufKind kind, uint64_t offset) const {
  switch (kind) {
  case GgufKind::U8:
    return at<uint8_t>(offset);
  case GgufKind::I8:
    return at<int8_t>(offset);
  case GgufKind::U16:
    return at<uint16_t>(offset);
  case GgufKind::I16:
    return at<int16_t>(offset);
  case GgufKind::U32:
    return at<uint32_t>(offset);
  case GgufKind::I32:
    return at<int32_t>(offset);
  case GgufKind::I64:
    return at<int64_t>(offset);
  case GgufKind::U64:
    if (at<uint64_t>(offset) <= static_cast<uint64_t>(INT64_MAX))
      return static_cast<int64_t>(at<uint64_t>(offset));
    return std::nullopt;
  default:
    return std::nullopt;
  }
}

// One element's text; moves `offset` behind it.
std::string GgufMetadata::element(GgufKind kind, uint64_t &offset) const {
  const uint64_t from = offset;
  offset += bytesOf(kind);
  switch (kind) {
  case GgufKind::String: {
    const uint64_t length = at<uint64_t>(from);
    offset = from + 8 + length;
    return quoteForMessage({reinterpret_cast<const char *>(bytes_.data()) + from + 8, static_cast<size_t>(length)});
  }
  case GgufKind::Bool:
    return at<uint8_t>(from) ? "true" : "false";
  case GgufKind::F32:
    return numberText(shortest(at<float>(from)));
  case GgufKind::F64:
    return numberText(at<double>(from));
  case GgufKind::U64:
    return std::to_string(at<uint64_t>(from));
  default:
    return std::to_string(*wholeNumber(kind, from));
  }
}

std::string GgufMetadata::brief(const GgufEntry &entry) const {
  uint64_t offset = entry.value;
  if (!entry.isArray)
    return element(entry.kind, offset);
  constexpr uint64_t kShown = 6;
  std::string out = "[";
  for (uint64_t i = 0; i < std::min(entry.count, kShown); ++i)
    out += (i ? ", " : "") + element(entry.kind, offset);
  return out + (entry.count > kShown ? ", ... " + std::to_string(entry.count) + " in all]" : "]");
}

const GgufEntry *GgufMetadata::find(std::string_view key) const {
  auto at = std::lower_bound(entries_.begin(), entries_.end(), key,
                             [](const GgufEntry &entry, std::string_view wanted) { return entry.key < wanted; });
  return at != entries_.end() && at->key == key ? &*at : nullptr;
}

const GgufEntry *GgufMetadata::take(std::string_view key) {
  const GgufEntry *entry = find(key);
  if (entry)
    read_.insert(entry->key);
  return entry;
}

Status GgufMetadata::missing(std::string_view key, std::string_view what) const {
  return Status(Code::InvalidFile, file_ + ": " + std::string(key) + " is missing, expected " + std::string(what));
}

Status GgufMetadata::mismatch(const GgufEntry &entry, std::string_view expected, Code code) const {
  return Status(code, file_ + ": byte " + std::to_string(entry.at) + ": " + std::string(entry.key) + ": expected " +
                          std::string(expected) + ", got " + brief(entry));
}

Status GgufMetadata::mismatch(std::string_view key, std::string_view expected, Code code) const {
  const GgufEntry *entry = find(key);
  return entry ? mismatch(*entry, expected, code) : missing(key, expected);
}

Result<std::optional<int64_t>> GgufMetadata::integer(std::string_view key, int64_t min, int64_t max) {
  const GgufEntry *entry = take(key);
  if (!entry)
    return std::optional<int64_t>();
  const std::optional<int64_t> value =
      !entry->isArray && isWhole(entry->kind) ? wholeNumber(entry->kind, entry->value) : std::nullopt;
  if (!value || *value < min || *value > max)
    return mismatch(*entry, "a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  return value;
}

Result<std::optional<double>> GgufMetadata::real(std::string_view key, double min, double max) {
  const GgufEntry *entry = take(key);
  if (!entry)
    return std::optional<double>();
  double value = std::nan("");
  if (!entry->isArray && entry->kind == GgufKind::F32)
    value = shortest(at<float>(entry->value));
  else if (!entry->isArray && entry->kind == GgufKind::F64)
    value = at<double>(entry->value);
  if (!(value >= min && value <= max))
    return mismatch(*entry, "a number (f32) from " + jsonNumber(min) + " to " + jsonNumber(max));
  return std::optional(value);
}

Result<std::optional<bool>> GgufMetadata::boolean(std::string_view key) {
  const GgufEntry *entry = take(key);
  if (!entry)
    return std::optional<bool>();
  if (entry->isArray || entry->kind != GgufKind::Bool)
    return mismatch(*entry, "true or false (bool)");
  return std::optional(at<uint8_t>(entry->value) != 0);
}

Result<std::optional<std::string_view>> GgufMetadata::string(std::string_view key) {
  const GgufEntry *entry = take(key);
  if (!entry)
    return std::optional<std::string_view>();
  if (entry->isArray || entry->kind != GgufKind::String)
    return mismatch(*entry, "a string");
  return std::optional(std::string_view(reinterpret_cast<const char *>(bytes_.data()) + entry->value + 8,
                                        static_cast<size_t>(at<uint64_t>(entry->value))));
}

Result<std::optional<std::vector<std::string_view>>> GgufMetadata::strings(std::string_view key) {
  const GgufEntry *entry = take(key);
  if (!entry)
    return std::optional<std::vector<std::string_view>>();
  if (!entry->isArray || entry->kind != GgufKind::String)
    return mismatch(*entry, "an array of strings");
  std::vector<std::string_view> out;
  out.reserve(static_cast<size_t>(entry->count)); // at most 2^22, says readGgufHeader
  uint64_t offset = entry->value;
  for (uint64_t i = 0; i < entry->count; ++i) {
    const auto length = static_cast<size_t>(at<uint64_t>(offset));
    out.emplace_back(reinterpret_cast<const char *>(bytes_.data()) + offset + 8, length);
    offset += 8 + length;
  }
  return std::optional(std::move(out));
}

Result<std::optional<std::vector<int64_t>>> GgufMetadata::integers(std::string_view key) {
  const GgufEntry *entry = take(key);
  if (!entry)
    return std::optional<std::vector<int64_t>>();
  if (!entry->isArray || !isWhole(entry->kind))
    return mismatch(*entry, "an array of whole numbers");
  std::vector<int64_t> out;
  for (uint64_t i = 0; i < entry->count; ++i) {
    const auto value = wholeNumber(entry->kind, entry->value + i * bytesOf(entry->kind));
    if (!value)
      return mismatch(*entry, "whole numbers below 2^63");
    out.push_back(*value);
  }
  return std::optional(std::move(out));
}

Result<std::optional<std::vector<float>>> GgufMetadata::floats(std::string_view key) {
  const GgufEntry *entry = take(key);
  if (!entry)
    return std::optional<std::vector<float>>();
  if (!entry->isArray || entry->kind != GgufKind::F32)
    return mismatch(*entry, "an array of f32");
  std::vector<float> out;
  for (uint64_t i = 0; i < entry->count; ++i)
    out.push_back(at<float>(entry->value + i * 4));
  return std::optional(std::move(out));
}

Status GgufMetadata::finish(std::string_view prefix, std::span<const std::string_view> harmless) const {
  for (const GgufEntry &entry : entries_) {
    if (!entry.key.starts_with(prefix) || read_.count(entry.key))
      continue;
    const bool known = std::any_of(harmless.begin(), harmless.end(), [&](std::string_view pattern) {
      return pattern.ends_with('.') ? entry.key.starts_with(pattern) : entry.key == pattern;
    });
    if (!known)
      return Status(Code::Unsupported, file_ + ": byte " + std::to_string(entry.at) + ": " + std::string(entry.key) +
                                           " = " + brief(entry) +
                                           " is not known and may change what the model computes; docs/models.md lists "
                                           "the keys that are");
  }
  return Status::ok();
}

} // namespace tenon
