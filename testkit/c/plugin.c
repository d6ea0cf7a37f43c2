/* A library that allocates when it comes, when it is called, and when it goes. */
#include <stdlib.h>
#include <string.h>

static void *at_load;
static __thread void *of_thread;

__attribute__((constructor)) static void load(void) { at_load = calloc(1, 5000); }
__attribute__((destructor)) static void unload(void) { free(at_load); }

char *plugin_make(size_t size) {
    free(of_thread);
    of_thread = malloc(100);
    char *block = malloc(size);
    if (block != NULL) memset(block, 0x42, size);
    return block;
}

void plugin_free(char *block) {
    free(block);
    free(of_thread);
    of_thread = NULL;
}
