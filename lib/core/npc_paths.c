/* The one table of the gateway's paths (npc.h). */
#include "config.h"

#include "core/npc.h"

static const struct npc_path paths[NPC_OP_MAX] = {
    [NPC_LOGIN] = {"POST", "/v1/login"},
    [NPC_PROJECTS] = {"GET", "/v1/projects"},
    [NPC_CONTACTS] = {"GET", "/v1/projects/{projectId}/contacts"},
    [NPC_KEYWORDS] = {"GET", "/v1/projects/{projectId}/keywords"},
    [NPC_CHANGES] = {"GET", "/v1/projects/{projectId}/changes"},
    [NPC_RFI_FIND] = {"GET", "/v1/projects/{projectId}/rfis"},
    [NPC_RFI_CREATE] = {"POST", "/v1/projects/{projectId}/rfis"},
    [NPC_RFI_GET] = {"GET", "/v1/projects/{projectId}/rfis/{itemId}"},
    [NPC_RFI_UPDATE] = {"PATCH", "/v1/projects/{projectId}/rfis/{itemId}"},
    [NPC_RFI_REOPEN] = {"POST", "/v1/projects/{projectId}/rfis/{itemId}/reopen"},
    [NPC_RFI_RESPONSES] = {"GET", "/v1/projects/{projectId}/rfis/{itemId}/responses"},
    [NPC_RFI_ATTACH] = {"POST", "/v1/projects/{projectId}/rfis/{itemId}/files"},
    [NPC_SUBMITTAL_FIND] = {"GET", "/v1/projects/{projectId}/submittals"},
    [NPC_SUBMITTAL_CREATE] = {"POST", "/v1/projects/{projectId}/submittals"},
    [NPC_SUBMITTAL_GET] = {"GET", "/v1/projects/{projectId}/submittals/{itemId}"},
    [NPC_SUBMITTAL_UPDATE] = {"PATCH", "/v1/projects/{projectId}/submittals/{itemId}"},
    [NPC_SUBMITTAL_REOPEN] = {"POST",
	"/v1/projects/{projectId}/submittals/{itemId}/reopen"},
    [NPC_SUBMITTAL_RESPONSES] = {"GET",
	"/v1/projects/{projectId}/submittals/{itemId}/responses"},
    [NPC_SUBMITTAL_ATTACH] = {"POST", "/v1/projects/{projectId}/submittals/{itemId}/files"},
    [NPC_UPLOAD_CREATE] = {"POST", "/v1/projects/{projectId}/uploads"},
    [NPC_FILE_GET] = {"GET", "/v1/projects/{projectId}/files/{fileId}"},
};

const struct npc_path *
npc_path(enum npc_op op)
{
	BUG_IF((unsigned)op >= NPC_OP_MAX);
	return &paths[op];
}
