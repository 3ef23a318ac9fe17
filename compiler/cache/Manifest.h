// What an entry says of itself: its key's fields in plain text, notes for people, and the digests of its parts.
//
//   tenon cache entry 1
//   kind code
//   key 6f0c...
//   field compiler = tenon 0.1.0, LLVM 22.1.8
//   note model = llama
//   part object 173056 0 none 5d1c... 131 1764000000000000000 1764000000000000000
//   sum 88aa...
//
// A part's numbers: bytes, bytes of its prefix, digest of the prefix, digest of the rest, then the stamp (inode,
// nanoseconds of the last change of content and of the file). Text has \xHH for what would break a line, and \\ for a
// backslash. `sum` is the BLAKE3 of all lines before it. A reader accepts exactly what the writer writes.
#pragma once

#include "compiler/cache/Key.h"
#include "runtime/base/Digest.h"
#include "runtime/base/Status.h"

#include <vector>

namespace tenon::cache {

// What changes when someone writes to a file, replaces it, or links it.
struct Stamp {
  uint64_t inode = 0;
  int64_t modified = 0, changed = 0; // nanoseconds since 1970: mtime, ctime
  bool operator==(const Stamp &) const = default;
};

// One file of an entry. Its first `prefix` bytes (a header, in weights files) have a digest of their own, so that the
// digest of the rest can be the one that the engine states of the same bytes.
struct Part {
  std::string name; // lower-case letters; not "manifest" or "lock", which are an entry's own
  uint64_t bytes = 0, prefix = 0;
  Digest prefixDigest = {}; // all zeros where there is no prefix
  Digest digest = {};       // treeDigest (runtime/base/Digest.h)
  Stamp stamp = {};
};

struct Manifest {
  Key key;
  Fields fields;
  Fields notes; // not in the key: model, sizes, references to other entries
  std::vector<Part> parts;

  const Part *find(std::string_view name) const;
  uint64_t bytes() const; // of all parts
};

// The weights that an engine's entry is of no use without: it names them in this note. Nothing for other kinds, and for
// an engine that names none.
inline constexpr std::string_view kWeightsNote = "weights";
std::optional<Key> weightsOf(const Manifest &manifest);

inline constexpr uint64_t kMaxManifestBytes = 16ull << 20;
inline constexpr size_t kMaxParts = 8;

std::string manifestText(const Manifest &manifest);

// InvalidFile for anything else than manifestText's output, and for fields that do not make the key.
Result<Manifest> parseManifest(std::string_view text);

} // namespace tenon::cache
