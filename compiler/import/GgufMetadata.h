// Reads the metadata of a GGUF file and remembers which keys were read.
//
// As with ConfigReader: whoever turns metadata into something takes every key it understands and then calls `finish`; a
// key of the given namespace that nobody read and that is not known to be harmless is refused, never ignored. Getters
// fail with InvalidFile and a message that names file, byte, key, expected and got. Kinds are read generously where no
// meaning is lost: any whole-number kind serves for a count, f32 and f64 for a number.
//
// Ownership: views into the file's bytes. Threads: one thread at a time (reading is recorded).
#pragma once

#include "compiler/import/Gguf.h"

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

class GgufMetadata {
public:
  // All three must outlive this.
  GgufMetadata(std::span<const uint8_t> bytes, const std::string &file, const std::vector<GgufEntry> &entries)
      : bytes_(bytes), file_(file), entries_(entries) {}

  // The entry `key`, now counted as read; nullptr where there is none.
  const GgufEntry *take(std::string_view key);

  // nullopt where there is no such key.
  Result<std::optional<int64_t>> integer(std::string_view key, int64_t min, int64_t max);
  // An f32 comes as the double with the shortest decimal that rounds to it: 1e-5 as 1e-5, not 9.99999974737875e-06.
  Result<std::optional<double>> real(std::string_view key, double min, double max);
  Result<std::optional<bool>> boolean(std::string_view key);
  Result<std::optional<std::string_view>> string(std::string_view key);
  Result<std::optional<std::vector<std::string_view>>> strings(std::string_view key);
  Result<std::optional<std::vector<int64_t>>> integers(std::string_view key);
  Result<std::optional<std::vector<float>>> floats(std::string_view key);

  // "FILE: KEY is missing, expected WHAT", InvalidFile.
  Status missing(std::string_view key, std::string_view what) const;
  // "FILE: byte N: KEY: expected WHAT, got VALUE" for a key that is there.
  Status mismatch(std::string_view key, std::string_view expected, Code code = Code::InvalidFile) const;

  // Fails with Unsupported, naming key and value, unless every key that begins with `prefix` was read or is in
  // `harmless`; there an entry that ends in '.' stands for all keys that begin with it.
  Status finish(std::string_view prefix, std::span<const std::string_view> harmless) const;

  const std::string &file() const { return file_; }
  std::span<const GgufEntry> entries() const { return entries_; }
  // On one line, cut where long: `"llama"`, `[1, 2, 3, ... 32000 in all]`.
  std::string brief(const GgufEntry &entry) const;

private:
  const GgufEntry *find(std::string_view key) const;
  Status mismatch(const GgufEntry &entry, std::string_view expected, Code code = Code::InvalidFile) const;
  template <typename T> T at(uint64_t offset) const;
  std::optional<int64_t> wholeNumber(GgufKind kind, uint64_t offset) const;
  std::string element(GgufKind kind, uint64_t &offset) const;

  std::span<const uint8_t> bytes_;
  const std::string &file_;
  const std::vector<GgufEntry> &entries_;
  std::set<std::string_view> read_;
};

} // namespace tenon
