#include "compiler/import/ConfigReader.h"

#include <algorithm>
#include <charconv>

namespace tenon {
namespace {

// Keys that get better advice than "unknown key".
struct RefusedKey {
  std::string_view key, advice;
};
constexpr RefusedKey kRefused[] = {
    {"auto_map",
     "the folder brings model code of its own, which may compute anything; only built-in families are compiled"},
    {"compression_config",
     "the weights are quantized already; compile the original bf16, f16 or f32 checkpoint instead"},
    {"quantization_config",
     "the weights are quantized already; compile the original bf16, f16 or f32 checkpoint instead"},
};

// Whether `value` is the JSON literal `literal`: true, false, a number or {}.
bool isLiteral(JsonValue value, std::string_view literal) {
  if (auto flag = value.boolean(); flag.isOk())
    return literal == (*flag ? "true" : "false");
  if (auto real = value.real(); real.isOk()) {
    double wanted = 0;
    auto [end, error] = std::from_chars(literal.data(), literal.data() + literal.size(), wanted);
    return error == std::errc() && end == literal.data() + literal.size() && *real == wanted;
  }
  auto members = value.asObject();
  return members.isOk() && literal == "{}" && !(members->begin() != members->end());
}

std::string number(double value) {
  char text[40];
  return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
}

std::string integerRange(int64_t min, int64_t max) {
  return "a whole number from " + std::to_string(min) + " to " + std::to_string(max);
}
std::string realRange(double min, double max) { return "a number from " + number(min) + " to " + number(max); }

} // namespace

Result<double> realWithin(JsonValue value, double min, double max) {
  if (auto real = value.real(); real.isOk() && *real >= min && *real <= max)
    return *real;
  return value.mismatch(realRange(min, max));
}

Result<ConfigReader> ConfigReader::open(const JsonDocument &document) {
  TENON_TRY(document.root().asObject().status());
  return ConfigReader(document.root(), "");
}

Result<ConfigReader> ConfigReader::openSection(JsonValue object) {
  TENON_TRY(object.asObject().status());
  return ConfigReader(object, object.path() + ".");
}

std::optional<JsonValue> ConfigReader::take(std::string_view key) {
  auto value = object_.find(key);
  if (!value || value->isNull())
    return std::nullopt;
  read_.insert(key);
  return value;
}

Result<int64_t> ConfigReader::integer(std::string_view key, int64_t min, int64_t max) {
  if (auto value = take(key))
    return value->integer(min, max);
  return missing(key, integerRange(min, max));
}

Result<double> ConfigReader::real(std::string_view key, double min, double max) {
  if (auto value = take(key))
    return realWithin(*value, min, max);
  return missing(key, realRange(min, max));
}

Result<std::string> ConfigReader::string(std::string_view key) {
  auto value = take(key);
  if (!value)
    return missing(key, "a string");
  TENON_ASSIGN(std::string_view text, value->string());
  return std::string(text);
}

Result<int64_t> ConfigReader::integerOr(std::string_view key, int64_t min, int64_t max, int64_t fallback) {
  auto value = take(key);
  return value ? value->integer(min, max) : fallback;
}

Result<double> ConfigReader::realOr(std::string_view key, double min, double max, double fallback) {
  auto value = take(key);
  return value ? realWithin(*value, min, max) : fallback;
}

Result<std::optional<double>> ConfigReader::optionalReal(std::string_view key, double min, double max) {
  auto value = take(key);
  if (!value)
    return std::optional<double>();
  TENON_ASSIGN(double real, realWithin(*value, min, max));
  return std::optional<double>(real);
}

Result<bool> ConfigReader::booleanOr(std::string_view key, bool fallback) {
  auto value = take(key);
  return value ? value->boolean() : fallback;
}

Result<std::string> ConfigReader::stringOr(std::string_view key, std::string_view fallback) {
  auto value = take(key);
  if (!value)
    return std::string(fallback);
  TENON_ASSIGN(std::string_view text, value->string());
  return std::string(text);
}

Result<std::vector<int64_t>> ConfigReader::tokenIds(std::string_view key, int64_t limit) {
  constexpr size_t kMostIds = 4096;
  std::vector<int64_t> ids;
  auto value = take(key);
  if (!value)
    return ids;
  auto add = [&](JsonValue one) -> Status {
    TENON_ASSIGN(int64_t id, one.integer(0, limit - 1));
    if (ids.size() == kMostIds)
      return value->error("expected at most " + std::to_string(kMostIds) + " token ids");
    if (std::find(ids.begin(), ids.end(), id) == ids.end())
      ids.push_back(id);
    return Status::ok();
  };
  if (value->kind() != JsonKind::Array) {
    TENON_TRY(add(*value));
    return ids;
  }
  for (JsonValue one : value->elements())
    TENON_TRY(add(one));
  return ids;
}

Status ConfigReader::finish() const {
  for (auto [key, value] : object_.members()) {
    if (value.isNull() || read_.contains(key))
      continue;
    for (const RefusedKey &refused : kRefused)
      if (key == refused.key)
        return value.error(refused.advice, Code::Unsupported);
    if (prefix_.empty()) {
      auto known = harmlessKeys();
      auto at = std::lower_bound(known.begin(), known.end(), key,
                                 [](const HarmlessKey &entry, std::string_view wanted) { return entry.key < wanted; });
      if (at != known.end() && at->key == key) {
        if (at->only.empty() || isLiteral(value, at->only))
          continue;
        return value.mismatch(std::string(at->only) + " (" + std::string(at->why) + ")", Code::Unsupported);
      }
    }
    return value.error(
        "this key with value " + value.brief() +
            " is not known to Tenon and may change what the model computes; remove it only if it does not "
            "(docs/models.md lists what is known)",
        Code::Unsupported);
  }
  return Status::ok();
}

Status ConfigReader::contradiction(std::string_view message) const {
  return Status(Code::InvalidFile, file() + ": " + std::string(message));
}

Status ConfigReader::mismatch(std::string_view key, std::string_view expected, Code code) const {
  if (auto value = object_.find(key))
    return value->mismatch(expected, code);
  return missing(key, expected);
}

Status ConfigReader::missing(std::string_view key, std::string_view expected) const {
  return Status(Code::InvalidFile, file() + ": " + prefix_ + std::string(key) + ": expected " + std::string(expected) +
                                       ", got nothing: the key is missing");
}

} // namespace tenon
