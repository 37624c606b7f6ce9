/* The one table of Procore's paths (procore.h). */
#include "config.h"

#include "core/procore.h"

#define HOOKS "/rest/v2.0/companies/{company_id}/projects/{project_id}/webhooks/hooks"
#define HOOKS_1 "/rest/v1.0/webhooks/hooks"

static const struct procore_path paths[PROCORE_OP_MAX] = {
    [PROCORE_ME] = {"GET", "/rest/v1.0/me", CAUSE_CALL_ME},
    [PROCORE_COMPANIES] = {"GET", "/rest/v1.0/companies", CAUSE_CALL_ME},
    [PROCORE_PROJECTS] = {"GET", "/rest/v1.1/projects", CAUSE_CALL_PROJECT},
    [PROCORE_PROJECT] = {"GET", "/rest/v1.0/projects/{id}", CAUSE_CALL_PROJECT},
    [PROCORE_PROJECT_USERS] = {"GET", "/rest/v1.0/projects/{project_id}/users",
	CAUSE_CALL_PROJECT},
    [PROCORE_PERMISSIONS] = {"GET", "/rest/v1.0/settings/permissions", CAUSE_CALL_PROJECT},
    [PROCORE_RFIS] = {"GET", "/rest/v1.0/projects/{project_id}/rfis", CAUSE_CALL_PROJECT},
    [PROCORE_RFI] = {"GET", "/rest/v1.0/projects/{project_id}/rfis/{id}", CAUSE_CALL_ITEM},
    [PROCORE_RFI_BIN] = {"GET", "/rest/v1.0/projects/{project_id}/rfis/recycle_bin",
	CAUSE_CALL_PROJECT},
    [PROCORE_RFI_REPLIES] = {"GET",
	"/rest/v1.0/projects/{project_id}/rfis/{rfi_id}/replies", CAUSE_CALL_ITEM},
    [PROCORE_RFI_REPLY] = {"POST", "/rest/v1.0/projects/{project_id}/rfis/{rfi_id}/replies",
	CAUSE_CALL_ITEM},
    [PROCORE_RFI_ADVANCE] = {"PATCH",
	"/rest/v1.1/projects/{project_id}/rfis/{id}/advance_ball_in_court",
	CAUSE_CALL_ITEM},
    [PROCORE_SUBMITTALS] = {"GET", "/rest/v1.1/projects/{project_id}/submittals",
	CAUSE_CALL_PROJECT},
    [PROCORE_SUBMITTAL] = {"GET", "/rest/v1.1/projects/{project_id}/submittals/{id}",
	CAUSE_CALL_ITEM},
    [PROCORE_SUBMITTAL_BIN] = {"GET",
	"/rest/v1.1/projects/{project_id}/submittals/recycle_bin", CAUSE_CALL_PROJECT},
    [PROCORE_SUBMITTAL_RESPONSES] = {"GET", "/rest/v1.0/submittal_responses",
	CAUSE_CALL_PROJECT},
    [PROCORE_APPROVE] = {"PATCH", "/rest/v1.0/submittal_approvers/{id}", CAUSE_CALL_ITEM},
    [PROCORE_UPLOAD] = {"POST", "/rest/v1.1/projects/{project_id}/uploads",
	CAUSE_CALL_ITEM},
    [PROCORE_UPLOAD_GET] = {"GET", "/rest/v1.1/projects/{project_id}/uploads/{uuid}",
	CAUSE_CALL_ITEM},
    [PROCORE_UPLOAD_PATCH] = {"PATCH", "/rest/v1.1/projects/{project_id}/uploads/{uuid}",
	CAUSE_CALL_ITEM},
    [PROCORE_HOOKS] = {"GET", HOOKS, CAUSE_CALL_PROJECT},
    [PROCORE_HOOK_CREATE] = {"POST", HOOKS, CAUSE_CALL_PROJECT},
    [PROCORE_HOOK_UPDATE] = {"PATCH", HOOKS "/{id}", CAUSE_CALL_ITEM},
    [PROCORE_HOOK_DELETE] = {"DELETE", HOOKS "/{id}", CAUSE_CALL_ITEM},
    [PROCORE_TRIGGERS] = {"GET", HOOKS "/{hook_id}/triggers", CAUSE_CALL_ITEM},
    [PROCORE_TRIGGER_CREATE] = {"POST", HOOKS "/{hook_id}/triggers", CAUSE_CALL_ITEM},
    [PROCORE_HOOKS_1] = {"GET", HOOKS_1, CAUSE_CALL_PROJECT},
    [PROCORE_HOOK_CREATE_1] = {"POST", HOOKS_1, CAUSE_CALL_PROJECT},
    [PROCORE_HOOK_UPDATE_1] = {"PATCH", HOOKS_1 "/{id}", CAUSE_CALL_ITEM},
    [PROCORE_HOOK_DELETE_1] = {"DELETE", HOOKS_1 "/{id}", CAUSE_CALL_ITEM},
    [PROCORE_TRIGGERS_1] = {"GET", HOOKS_1 "/{hook_id}/triggers", CAUSE_CALL_ITEM},
    [PROCORE_TRIGGER_CREATE_1] = {"POST", HOOKS_1 "/{hook_id}/triggers", CAUSE_CALL_ITEM},
};

const struct procore_path *
procore_path(enum procore_op op)
{
	BUG_IF((unsigned)op >= PROCORE_OP_MAX);
	return &paths[op];
}
