// Reads an object of a Hugging Face config and remembers which keys were read.
//
// A model family takes every key it understands and then calls `finish`: a key that nobody read and that is not known
// to be harmless could change the numbers, so it is refused (Unsupported), never ignored. A key whose value is null
// counts as absent, as it does in transformers. Getters fail with InvalidFile and a message that names file, key,
// expected and got.
//
// Source of the spellings: the config.json files that transformers 4 and 5 write.
// Ownership: views into a JsonDocument, which must outlive the reader. Threads: one thread at a time (reading is
// recorded).
#pragma once

#include "runtime/base/Json.h"

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

// A key that a family need not read. docs/models.md lists them all (a test keeps it so).
struct HarmlessKey {
  std::string_view key;
  std::string_view only; // the one value (as JSON) that is harmless; empty where any is
  std::string_view why;
};
// Sorted by key.
std::span<const HarmlessKey> harmlessKeys();

class ConfigReader {
public:
  // Reads the document's top level, which must be an object.
  static Result<ConfigReader> open(const JsonDocument &document);
  // Reads a nested object; `finish` on it accepts no unread key but nulls.
  static Result<ConfigReader> openSection(JsonValue object);

  // The value of `key`, now counted as read; nullopt when absent or null.
  std::optional<JsonValue> take(std::string_view key);

  // Whether `key` stands there at all, be it null. Does not count as reading.
  bool present(std::string_view key) const { return object_.find(key).has_value(); }

  // Required values: a missing key is an error.
  Result<int64_t> integer(std::string_view key, int64_t min, int64_t max);
  Result<double> real(std::string_view key, double min, double max);
  Result<std::string> string(std::string_view key);

  // Values with a default for a missing key.
  Result<int64_t> integerOr(std::string_view key, int64_t min, int64_t max, int64_t fallback);
  Result<double> realOr(std::string_view key, double min, double max, double fallback);
  Result<std::optional<double>> optionalReal(std::string_view key, double min, double max);
  Result<bool> booleanOr(std::string_view key, bool fallback);
  Result<std::string> stringOr(std::string_view key, std::string_view fallback);
  // One id or a list of them, each in [0, limit); empty when absent. Order kept, repetitions dropped.
  Result<std::vector<int64_t>> tokenIds(std::string_view key, int64_t limit);

  // Fails with Unsupported, naming key and value, unless every key was read, is null, or is harmless.
  Status finish() const;

  // An error about two values that cannot both hold: "FILE: MESSAGE", InvalidFile.
  Status contradiction(std::string_view message) const;
  // "FILE: KEY: expected WHAT, got VALUE" for a key that is there.
  Status mismatch(std::string_view key, std::string_view expected, Code code = Code::InvalidFile) const;
  Status missing(std::string_view key, std::string_view expected) const;
  const std::string &file() const { return object_.file(); }

private:
  ConfigReader(JsonValue object, std::string prefix) : object_(object), prefix_(std::move(prefix)) {}
  JsonValue object_;
  std::string prefix_; // "rope_scaling." in a section, empty at the top level
  std::set<std::string_view> read_;
};

// `value` must be a number in [min, max].
Result<double> realWithin(JsonValue value, double min, double max);

} // namespace tenon
