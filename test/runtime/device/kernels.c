// Code images for CodeModuleTest; one object per macro, linked as the compiler links kernels.
#if defined(GOOD)
static int twice(int x) { return 2 * x; }
static int thrice(int x) { return 3 * x; }
int (*const table[])(int) = {twice, thrice}; // needs relative relocations
int scale(int which, int x) { return table[which](x); }
int counter;
int count(void) { return ++counter; }
#elif defined(UNDEFINED)
int elsewhere(int);
int scale(int which, int x) { return elsewhere(x); }
#elif defined(CONSTRUCTOR)
int counter;
__attribute__((constructor)) static void start(void) { *(volatile int *)&counter = 1; }
int scale(int which, int x) { return counter; }
#elif defined(THREAD_LOCAL)
__thread int counter;
int scale(int which, int x) { return counter += x; }
#elif defined(INDIRECT)
static int plain(int x) { return x; }
static int (*choose(void))(int) { return plain; }
int scale(int x) __attribute__((ifunc("choose")));
#endif
