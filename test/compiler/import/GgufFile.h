// Makes GGUF files, sound ones and broken ones, for tests: every field is written as told.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

template <typename T> std::string ggufNumber(T value) {
  std::string out(sizeof(T), '\0');
  std::memcpy(out.data(), &value, sizeof(T));
  return out;
}
inline std::string ggufString(std::string_view text) { return ggufNumber<uint64_t>(text.size()) + std::string(text); }

class GgufFile {
public:
  uint32_t version = 3;
  uint64_t alignment = 32;
  std::string header; // entries, then tensors
  uint64_t entries = 0, tensors = 0;
  std::string data;

  // Entries; call all of them before the first tensor.
  GgufFile &raw(std::string_view key, uint32_t kind, const std::string &value) {
    header += ggufString(key) + ggufNumber(kind) + value;
    ++entries;
    return *this;
  }
  GgufFile &u32(std::string_view key, uint32_t value) { return raw(key, 4, ggufNumber(value)); }
  GgufFile &f32(std::string_view key, float value) { return raw(key, 6, ggufNumber(value)); }
  GgufFile &boolean(std::string_view key, bool value) { return raw(key, 7, std::string(1, value ? '\1' : '\0')); }
  GgufFile &string(std::string_view key, std::string_view value) { return raw(key, 8, ggufString(value)); }
  GgufFile &strings(std::string_view key, const std::vector<std::string> &values) {
    std::string all;
    for (const std::string &value : values)
      all += ggufString(value);
    return raw(key, 9, ggufNumber<uint32_t>(8) + ggufNumber<uint64_t>(values.size()) + all);
  }
  template <typename T> GgufFile &numbers(std::string_view key, uint32_t kind, const std::vector<T> &values) {
    std::string all;
    for (T value : values)
      all += ggufNumber(value);
    return raw(key, 9, ggufNumber(kind) + ggufNumber<uint64_t>(values.size()) + all);
  }

  // A description alone; sizes innermost first.
  GgufFile &describe(std::string_view name, const std::vector<uint64_t> &sizes, uint32_t type, uint64_t offset) {
    header += ggufString(name) + ggufNumber(static_cast<uint32_t>(sizes.size()));
    for (uint64_t size : sizes)
      header += ggufNumber(size);
    header += ggufNumber(type) + ggufNumber(offset);
    ++tensors;
    return *this;
  }
  // With its data, aligned.
  GgufFile &tensor(std::string_view name, const std::vector<uint64_t> &sizes, uint32_t type, const std::string &bytes) {
    data.resize((data.size() + alignment - 1) / alignment * alignment);
    describe(name, sizes, type, data.size());
    data += bytes;
    return *this;
  }

  std::string text() const {
    std::string out = "GGUF" + ggufNumber(version) + ggufNumber(tensors) + ggufNumber(entries) + header;
    out.resize((out.size() + alignment - 1) / alignment * alignment);
    return out + data;
  }
};

} // namespace tenon
