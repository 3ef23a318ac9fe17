// What happens when a program cannot go on: unfinished output files are removed, stderr says why, and the exit code is
// a documented one where the cause is known.
//
//   no memory left        10, from operator new, from LLVM, and from a null pointer that malloc gave to a library
//   a mapped file shrank  10 (SIGBUS)
//   SIGINT, SIGTERM, ...  the signal itself, so that a shell sees 130, 143, ...
//   any other crash       the signal itself: it is a bug, and a core dump may be wanted
#pragma once

namespace tenon::cli {

// Installs all of it; call once, first in main. Afterwards a write beyond the file size limit is an error of write().
void installLastResort();

// Ends the program as having no memory left. Async-signal-safe.
[[noreturn]] void endOutOfMemory();

} // namespace tenon::cli
