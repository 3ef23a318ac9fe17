#include "dialects/interfaces/Interfaces.h"

#include "dialects/interfaces/AttrInterfaces.cpp.inc"
#include "dialects/interfaces/OpInterfaces.cpp.inc"
#include "dialects/interfaces/TypeInterfaces.cpp.inc"
