#include "runtime/base/Digest.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <sodium.h>

namespace tenon {

// sodium_init picks the implementation that suits the CPU; without it hashing works but takes the slow portable one.
static void chooseImplementation() {
  static const int chosen = sodium_init();
  (void)chosen;
}

static Digest blake2b(const void *data, size_t bytes) {
  chooseImplementation();
  Digest digest;
  crypto_generichash_blake2b(digest.data(), digest.size(), static_cast<const unsigned char *>(data), bytes, nullptr, 0);
  return digest;
}

Digest digestOf(std::span<const uint8_t> bytes) { return blake2b(bytes.data(), bytes.size()); }

std::span<const uint8_t> digestChunk(std::span<const uint8_t> bytes, uint64_t i) {
  assert(i < chunkCount(bytes.size()));
  uint64_t begin = i * kDigestChunkBytes;
  return bytes.subspan(begin, std::min<uint64_t>(kDigestChunkBytes, bytes.size() - begin));
}

static bool allZero(std::span<const uint8_t> bytes) {
  return bytes.empty() || (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

Digest chunkDigest(std::span<const uint8_t> chunk) {
  assert(chunk.size() <= kDigestChunkBytes);
  if (chunk.size() < kDigestChunkBytes || !allZero(chunk))
    return digestOf(chunk);
  static const Digest zeros = digestOf(std::vector<uint8_t>(kDigestChunkBytes));
  return zeros;
}

Digest combineChunks(std::span<const Digest> chunks) { return blake2b(chunks.data(), chunks.size_bytes()); }

Digest treeDigest(std::span<const uint8_t> bytes) {
  std::vector<Digest> chunks(chunkCount(bytes.size()));
  for (uint64_t i = 0; i < chunks.size(); ++i)
    chunks[i] = chunkDigest(digestChunk(bytes, i));
  return combineChunks(chunks);
}

std::string toHex(const Digest &digest) {
  static const char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * digest.size());
  for (uint8_t byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

void TreeHasher::update(std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    if (partial_.empty() && bytes.size() >= kDigestChunkBytes) {
      chunks_.push_back(chunkDigest(bytes.first(kDigestChunkBytes)));
      bytes = bytes.subspan(kDigestChunkBytes);
      continue;
    }
    size_t taken = std::min<size_t>(bytes.size(), kDigestChunkBytes - partial_.size());
    partial_.insert(partial_.end(), bytes.begin(), bytes.begin() + taken);
    bytes = bytes.subspan(taken);
    if (partial_.size() == kDigestChunkBytes) {
      chunks_.push_back(chunkDigest(partial_));
      partial_.clear();
    }
  }
}

Digest TreeHasher::finish() {
  if (!partial_.empty())
    chunks_.push_back(chunkDigest(partial_));
  partial_.clear();
  return combineChunks(chunks_);
}

} // namespace tenon
