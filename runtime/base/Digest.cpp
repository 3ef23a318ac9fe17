#include "runtime/base/Digest.h"

#include "runtime/base/DigestLanes.h"

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

static bool isWhole(std::span<const uint8_t> chunk) { return chunk.size() == kDigestChunkBytes; }

void chunkDigests(std::span<const uint8_t> bytes, std::span<Digest> digests) {
  assert(digests.size() == chunkCount(bytes.size()));
  static const std::span<const LaneHash> hashes = laneHashes();
  // Chunks that wait until they fill the lanes.
  const uint8_t *messages[kDigestGroup];
  uint64_t indices[kDigestGroup];
  size_t waiting = 0;
  auto hashTogether = [&](const LaneHash &lanes) {
    Digest made[kDigestGroup];
    lanes.hash(messages, kDigestChunkBytes, made);
    for (size_t i = 0; i < lanes.lanes; ++i)
      digests[indices[i]] = made[i];
    waiting -= lanes.lanes;
    std::copy_n(messages + lanes.lanes, waiting, messages);
    std::copy_n(indices + lanes.lanes, waiting, indices);
  };
  for (uint64_t i = 0; i < digests.size(); ++i) {
    const std::span<const uint8_t> chunk = digestChunk(bytes, i);
    if (isWhole(chunk) && allZero(chunk)) {
      static const Digest zeros = digestOf(std::vector<uint8_t>(kDigestChunkBytes));
      digests[i] = zeros;
    } else if (isWhole(chunk) && !hashes.empty()) {
      messages[waiting] = chunk.data(), indices[waiting] = i;
      if (++waiting == hashes.front().lanes)
        hashTogether(hashes.front());
    } else {
      digests[i] = digestOf(chunk);
    }
  }
  for (const LaneHash &lanes : hashes)
    while (waiting >= lanes.lanes)
      hashTogether(lanes);
  for (size_t i = 0; i < waiting; ++i)
    digests[indices[i]] = digestOf({messages[i], kDigestChunkBytes});
}

static Digest chunkDigest(std::span<const uint8_t> chunk) {
  Digest digest;
  chunkDigests(chunk, {&digest, 1});
  return digest;
}

Digest combineChunks(std::span<const Digest> chunks) { return blake2b(chunks.data(), chunks.size_bytes()); }

Digest treeDigest(std::span<const uint8_t> bytes) {
  std::vector<Digest> chunks(chunkCount(bytes.size()));
  chunkDigests(bytes, chunks);
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
      const std::span<const uint8_t> whole = bytes.first(bytes.size() / kDigestChunkBytes * kDigestChunkBytes);
      chunks_.resize(chunks_.size() + chunkCount(whole.size()));
      chunkDigests(whole, std::span(chunks_).last(chunkCount(whole.size())));
      bytes = bytes.subspan(whole.size());
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
