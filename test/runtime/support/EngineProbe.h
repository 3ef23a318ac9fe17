// Opens an engine whose metadata is hostile, and checks that whatever is accepted is safe to run: for the mutation
// tests and the fuzz target.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tenon::test {

class EngineProbe {
public:
  EngineProbe();
  ~EngineProbe();
  EngineProbe(const EngineProbe &) = delete;
  EngineProbe &operator=(const EngineProbe &) = delete;

  // The toy engine's own metadata: accepted.
  const std::vector<uint8_t> &goodMetadata() const { return good_; }

  // Whether an engine of this metadata (with a right digest) and the toy's segments opens. Aborts when one opens that
  // breaks a promise of docs/formats/engine.md, and when one is refused without a message.
  bool accepts(std::span<const uint8_t> metadata);
  // The same for header and metadata as they are: nothing is mended.
  bool acceptsFile(std::span<const uint8_t> headerAndMetadata);

private:
  std::vector<uint8_t> good_;
  uint64_t fileBytes_;
  int fd_; // a memory file; the segments are in place
};

} // namespace tenon::test
