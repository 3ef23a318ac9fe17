// A small valid engine for tests, made without the compiler. Its code is ToyKernels.c, compiled for this machine when
// the tests are built. Tests change any field of `metadata` or any segment and write the file; write() fills in
// offsets, sizes and digests, bytes() leaves them as the test has set them.
//
// The text that the toy writes: the token after t0 t1 ... is toyNext({t0, t1, ...}).
#pragma once

#include "tenon/schema/engine_generated.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tenon::test {

struct ToyEngine {
  static constexpr uint32_t kHidden = 16, kVocab = 64, kPageTokens = 4, kHeadDim = 4, kPages = 12, kMaxContext = 32,
                            kMaxSequences = 3, kStopToken = 63;
  static constexpr float kShift = 5; // in the weights

  ToyEngine();

  schema::EngineT metadata;
  std::vector<std::vector<uint8_t>> segments; // bytes of metadata.segments, in order

  schema::RankT &rank() { return *metadata.ranks[0]; }
  schema::VariantT &variant() { return *rank().variants[0]; }
  schema::ProgramT &program(const char *entry, uint32_t rows);

  // Fills offset, bytes and digest of every segment from `segments`; and rank 0's weight_bytes. Metadata is assumed to
  // stay below 64 KiB, so segments start there.
  void layOut();
  // The file's bytes: header, metadata as it stands, segments where layOut put them (external ones left out).
  std::vector<uint8_t> bytes() const;
  // layOut and write to `path`.
  void write(const std::string &path);
  // Moves the weights to "<digest>.tnw" beside `path`, writes both and returns the weights file's name.
  std::string writeExternal(const std::string &path);

private:
  std::vector<uint64_t> offsets_; // of segments inside
};

// Header and metadata as one prefix; the digest is that of `metadata`.
std::vector<uint8_t> headerBytes(std::span<const uint8_t> metadata, uint64_t fileBytes);

int32_t toyNext(std::span<const int32_t> tokens);

void writeFile(const std::string &path, std::span<const uint8_t> bytes);
std::vector<uint8_t> readFile(const std::string &path);

// A fresh folder below testing::TempDir(), removed with the object.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string file(const std::string &name) const { return path_ + "/" + name; }

private:
  std::string path_;
};

} // namespace tenon::test
