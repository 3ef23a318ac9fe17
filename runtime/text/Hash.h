// A keyed hash for the vocabulary and the merges. The key differs from process to process, so that nobody can write a
// tokenizer whose tokens all fall into one slot; results never depend on it.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace tenon::text {

// The process's key; the same at every call.
uint64_t hashKey();

// Both halves of the 128-bit product, folded: every input bit reaches every output bit.
inline uint64_t foldedMultiply(uint64_t a, uint64_t b) {
  auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t hashOf(uint64_t value, uint64_t key) {
  return foldedMultiply(value ^ key, 0x9E3779B97F4A7C15u ^ key >> 32);
}

inline uint64_t hashOf(std::string_view bytes, uint64_t key) {
  uint64_t hash = key ^ bytes.size() * 0xD6E8FEB86659FD93u;
  const char *at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    hash = foldedMultiply(hash ^ word, 0x9E3779B97F4A7C15u);
  }
  uint64_t word = 0;
  if (left > 0)
    std::memcpy(&word, at, left);
  hash = foldedMultiply(hash ^ word, 0xA0761D6478BD642Fu ^ key);
  return hash ^ hash >> 32;
}

} // namespace tenon::text
