// The external weights file, "<digest>.tnw": one packed segment behind a header. Engines share it, and the artifact
// cache stores packed weights in this form.
#pragma once

#include "compiler/weights/Packer.h"
#include "runtime/base/Digest.h"
#include "runtime/base/Status.h"
#include "runtime/io/MappedFile.h"
#include "runtime/schema/EngineHeader.h"

#include <string>

namespace tenon::emit {

EngineHeader makeHeader(const char (&magic)[8], uint64_t metadata, uint64_t file, const Digest &digest);

// "<digest>.tnw".
std::string weightsFileName(const Digest &digest);

// The first page of such a file: the header, then zeros.
std::vector<uint8_t> weightsFilePrefix(uint64_t segmentBytes, const Digest &digest);

// Room for a file with a segment of so many bytes; `sparse` reserves nothing.
Result<io::OutputFile> createFile(const std::string &path, uint64_t size, bool sparse);

// Packs the jobs into `file` (from createFile, kSegmentAlignment + bytes large) and writes the header. Returns the
// segment's digest. Errors are packSegment's.
Result<Digest> packWeightsFile(io::OutputFile &file, const std::vector<weights::PackJob> &jobs, uint64_t bytes,
                               const weights::PackOptions &options);

// A weights file that is there already and whose content is known to be right.
struct StoredWeights {
  const io::MappedFile *file = nullptr; // outlives its users
  Digest digest = {};                   // of the segment
  bool mayLink = false;                 // a hard link to the file may be given out
};

// How bytes of stored weights came into an output.
enum class Transfer { Packed, Found, Linked, Reflinked, Copied };
const char *transferName(Transfer transfer); // "packed", "found", "linked", ...

// Whether the file at `path` is a whole weights file of this segment: its header and every byte are compared, so that
// damage is mended by the next compilation instead of inherited.
bool holdsWeights(const std::string &path, uint64_t segmentBytes, const Digest &digest, unsigned threads);

// Puts the stored file beside an engine, as `path`.
Result<Transfer> placeWeightsFile(const std::string &path, const StoredWeights &stored, unsigned threads);

// Copies the stored segment to `offset` of `file`.
Result<Transfer> placeSegment(io::OutputFile &file, uint64_t offset, const StoredWeights &stored);

} // namespace tenon::emit
