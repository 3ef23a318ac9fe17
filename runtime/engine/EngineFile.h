// An engine file whose metadata has been checked down to the last index.
//
// open() goes in this order and stops at the first fault: magic, size, format major, flags, signature where one is
// required, metadata digest, flatbuffer verifier (bounded depth and table count), every number and name of the schema
// (Verify.h), digests of the code segments; where a signature is required, of all but the weights. After it, whoever
// walks metadata() need not check anything again. The metadata is a private copy, so that a file changed underneath
// cannot undo the checks; segments are mapped, and only their digests protect them: code is verified here, weights on
// request, because reading 2 GB takes longer than all the rest together.
//
// What the host has does not matter here (HostCheck.h): `tenon inspect` reads an engine for any machine.
//
// Errors: InvalidFile (what, where, expected, found, what to do), Integrity (a digest differs), Resource (I/O).
// Ownership: move-only; spans and metadata live as long as the file. Threads: const methods from any thread.
#pragma once

#include "runtime/base/Digest.h"
#include "runtime/base/Status.h"
#include "runtime/engine/EngineSignature.h"
#include "runtime/io/MappedFile.h"
#include "tenon/schema/engine_generated.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

class EngineFile {
public:
  // `signers`: the keys of which one must have signed the engine (EngineSignature.h); null: nobody must.
  static Result<EngineFile> open(const std::string &path, const trust::PublicKeys *signers = nullptr);
  // An engine that lies in memory, such as one that was linked into a program. `bytes` outlive the EngineFile and are
  // not copied but for the metadata; its weights must be inside. Also Usage: `bytes` do not begin on a page.
  static Result<EngineFile> view(std::span<const uint8_t> bytes);

  const std::string &path() const { return file_.path(); }
  uint64_t fileBytes() const { return file_.size(); }
  uint64_t metadataBytes() const { return header_.metadataBytes; }
  const Digest &metadataDigest() const { return metadataDigest_; }
  // As it was read and checked: what a signature signs.
  const EngineHeader &header() const { return header_; }
  // Who has signed; nothing where no signature was required.
  const std::optional<trust::PublicKey> &signer() const { return signer_; }
  uint16_t formatMinor() const { return header_.minor; }
  const schema::Engine &metadata() const { return *engine_; }

  // Opens the external weights files (beside the engine, named by their digest) and checks their headers. Until then
  // segment() of an external segment is empty. Engines with all weights inside: does nothing.
  Status attachExternalWeights();

  // Bytes of Engine.segments[index]; page-aligned.
  std::span<const uint8_t> segment(uint32_t index) const;

  // The text of the first segment of this kind (tokenizer.json, chat template, ...); empty when the engine has none.
  std::string_view text(schema::SegmentKind kind) const;

  // Compares the digest of one segment, hashing on `threads` threads (at least one).
  Status verifySegment(uint32_t index, unsigned threads) const;
  // verifySegment for all weights segments. External weights must be attached.
  Status verifyWeights(unsigned threads) const;

private:
  explicit EngineFile(io::MappedFile file) : file_(std::move(file)) {}
  Status load(const trust::PublicKeys *signers);
  Status verifyStructure();
  Result<io::MappedFile> openExternal(uint32_t index) const;

  io::MappedFile file_;
  std::unique_ptr<uint64_t[]> metadata_; // 8-byte aligned, as flatbuffers needs it
  Digest metadataDigest_{};
  EngineHeader header_{};
  std::optional<trust::PublicKey> signer_;
  const schema::Engine *engine_ = nullptr;               // into metadata_
  std::vector<std::optional<io::MappedFile>> externals_; // one per segment
};

// The digest of a segment on several threads: the tree of Digest.h.
Digest parallelTreeDigest(std::span<const uint8_t> bytes, unsigned threads);

} // namespace tenon
