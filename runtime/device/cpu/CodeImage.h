// What Tenon asks of an ELF shared object before the dynamic loader sees it.
//
// The loader trusts its input: a wrong offset in a dynamic section crashes the process or worse. So the image may hold
// only what compiled kernels need, and every table that the loader will read is checked against the file:
//   - ELF64, little endian, ET_DYN, for this machine; at most 32 program headers
//   - PT_LOADs inside the file, ascending, on separate pages, never writable and executable at once
//   - a non-executable PT_GNU_STACK (without one the loader would make every stack executable)
//   - a dynamic section with symbol, string and GNU hash tables and relative relocations, nothing else: no needed
//   libraries,
//     constructors, destructors, soname, versions, thread-local storage or indirect functions
//   - every symbol defined within the image, every relocation inside writable memory
// `ld.lld -shared -Bsymbolic` over freestanding objects makes such images. This finds damage and foreign files; it does
// not make hostile code safe to run: only a signature does that.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <string>

namespace tenon::cpu {

// e_machine of the machine that this was compiled for.
uint16_t hostElfMachine();

// Errors: HostUnfit (another machine's code), InvalidFile (everything else), each starting with `name`. Reads only
// `image`.
Status checkCodeImage(std::span<const uint8_t> image, const std::string &name, uint16_t machine = hostElfMachine());

} // namespace tenon::cpu
