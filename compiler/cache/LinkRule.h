// When a file of the cache may get a second name.
#pragma once

namespace tenon::cache {

// Whether a hard link to the open file can be given out: nobody who gets it can write through it. That asks for a file
// of ours without any right to write, and for a process that such rights stop (not root, no CAP_DAC_OVERRIDE). Whoever
// gives himself the right with chmod changes the file's stamp, and the cache hashes it again (Store.h).
bool mayHardLink(int descriptor);

} // namespace tenon::cache
