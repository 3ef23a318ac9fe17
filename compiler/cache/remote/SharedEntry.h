// How an entry lies in a remote:
//
//   PREFIX/ac/6f0c...    its manifest (Manifest.h) under its key, with stamps of zero; then the lines of its signatures
//                        (runtime/trust/Signature.h), which are over the manifest's text, its last line included
//   PREFIX/cas/93ab...   each part as one zstd frame, under a name that its sizes and digests make
//
// So equal parts of different entries are there once, and a part never changes under its name.
#pragma once

#include "compiler/cache/Manifest.h"
#include "runtime/trust/Signature.h"

#include <optional>

namespace tenon::cache {

// The bound of what lies under a key: a manifest and its signatures.
inline constexpr uint64_t kMaxSharedEntryBytes = kMaxManifestBytes + (256 << 10);
inline constexpr std::string_view kEntryDomain = "tenon cache entry 1"; // of signatures

std::string sharedEntryName(const Key &key);
std::string sharedPartName(const Part &part);

// With the key's signature where there is one.
std::string sharedEntryText(Manifest manifest, const trust::SecretKey *key);

struct SharedEntry {
  Manifest manifest;
  std::string signedText;
  std::vector<trust::Signature> signatures; // nobody has checked them
};

// InvalidFile for anything else than such a text.
Result<SharedEntry> parseSharedEntry(std::string_view text);

} // namespace tenon::cache
