#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "procore/sim.h"

#define P0 "/rest/v1.0/projects/{project_id}"
#define P1 "/rest/v1.1/projects/{project_id}"
#define W2C "/rest/v2.0/companies/{company_id}/webhooks"
#define W2P "/rest/v2.0/companies/{company_id}/projects/{project_id}/webhooks"
#define W1 "/rest/v1.0/webhooks"

/* Only operations that Procore documents (tests/data/procore-operations.txt); fixed parts
 * before variables. */
const struct sim_route routes_rest[] = {
    {"POST", "/oauth/token", oauth_token, TOOL_NONE, LEVEL_NONE, SIM_OPEN},
    {"GET", "/oauth/token/info", oauth_token_info, TOOL_NONE, LEVEL_NONE, SIM_OPEN},
    {"POST", "/oauth/revoke", oauth_revoke, TOOL_NONE, LEVEL_NONE, SIM_OPEN},
    {"GET", "/oauth/authorize", signin_authorize, TOOL_NONE, LEVEL_NONE, SIM_WEB},

    {"GET", "/rest/v1.0/me", people_me, TOOL_NONE, LEVEL_NONE, SIM_NO_COMPANY},
    {"GET", "/rest/v1.0/companies", people_companies, TOOL_NONE, LEVEL_NONE,
	SIM_NO_COMPANY},
    {"GET", "/rest/v1.0/companies/{company_id}/me", people_company_me, TOOL_NONE,
	LEVEL_NONE, 0},
    {"GET", "/rest/v1.1/companies/{company_id}/me", people_company_me, TOOL_NONE,
	LEVEL_NONE, 0},
    {"GET", "/rest/v1.2/companies/{company_id}/me", people_company_me, TOOL_NONE,
	LEVEL_NONE, 0},
    {"GET", "/rest/v1.3/companies/{company_id}/me", people_company_me, TOOL_NONE,
	LEVEL_NONE, 0},
    {"GET", "/rest/v1.0/companies/{company_id}/projects", people_projects, TOOL_NONE,
	LEVEL_NONE, 0},
    {"GET", "/rest/v1.0/companies/{company_id}/submittal_statuses", submittals_statuses,
	TOOL_NONE, LEVEL_NONE, 0},
    {"GET", "/rest/v1.0/companies/{company_id}/submittal_types", submittals_types,
	TOOL_NONE, LEVEL_NONE, 0},
    {"GET", "/rest/v1.0/projects", people_projects, TOOL_NONE, LEVEL_NONE, 0},
    {"GET", "/rest/v1.1/projects", people_projects, TOOL_NONE, LEVEL_NONE, 0},
    {"GET", "/rest/v1.0/projects/{id}", people_project, TOOL_NONE, LEVEL_NONE, 0},
    {"GET", P0 "/users", people_project_users, TOOL_NONE, LEVEL_NONE, 0},
    {"GET", P0 "/users/{id}", people_project_user, TOOL_NONE, LEVEL_NONE, 0},
    {"GET", "/rest/v1.0/settings/permissions", people_permissions, TOOL_NONE, LEVEL_NONE,
	SIM_NO_PROJECT},

    {"GET", P0 "/rfis", rfis_list, TOOL_RFI, LEVEL_READ, 0},
    {"POST", P0 "/rfis", rfis_create, TOOL_RFI, LEVEL_STANDARD, 0},
    {"GET", P0 "/rfis/recycle_bin", rfis_bin, TOOL_RFI, LEVEL_READ, 0},
    {"GET", P0 "/rfis/potential_assignees", rfis_people, TOOL_RFI, LEVEL_READ, 0},
    {"GET", P0 "/rfis/potential_rfi_managers", rfis_people, TOOL_RFI, LEVEL_READ, 0},
    {"GET", P0 "/rfis/default_distribution", rfis_people, TOOL_RFI, LEVEL_READ, 0},
    {"GET", P0 "/rfis/filter_options", rfis_options, TOOL_RFI, LEVEL_READ, 0},
    {"GET", P0 "/rfis/filter_options/status", rfis_options, TOOL_RFI, LEVEL_READ, 0},
    {"GET", P0 "/rfis/filter_options/rfi_manager_id", rfis_options, TOOL_RFI, LEVEL_READ,
	0},
    {"GET", P0 "/rfis/filter_options/received_from_login_information_id", rfis_options,
	TOOL_RFI, LEVEL_READ, 0},
    {"GET", P0 "/rfis/filter_options/responsible_contractor_id", rfis_options, TOOL_RFI,
	LEVEL_READ, 0},
    {"GET", P0 "/rfis/filter_options/ball_in_court_id", rfis_options, TOOL_RFI, LEVEL_READ,
	0},
    {"GET", P0 "/rfis/filter_options/assigned_id", rfis_options, TOOL_RFI, LEVEL_READ, 0},
    {"GET", P0 "/rfis/{id}", rfis_show, TOOL_RFI, LEVEL_READ, 0},
    {"PATCH", P0 "/rfis/{id}", rfis_update, TOOL_RFI, LEVEL_STANDARD, 0},
    {"PATCH", P0 "/rfis/{id}/recycle", rfis_recycle, TOOL_RFI, LEVEL_ADMIN, 0},
    {"PATCH", P0 "/rfis/{id}/retrieve", rfis_retrieve, TOOL_RFI, LEVEL_ADMIN, 0},
    {"PATCH", P0 "/rfis/{id}/advance_ball_in_court", rfis_advance, TOOL_RFI, LEVEL_STANDARD,
	0},
    {"PATCH", P1 "/rfis/{id}/advance_ball_in_court", rfis_advance, TOOL_RFI, LEVEL_STANDARD,
	0},
    {"PATCH", P0 "/rfis/{id}/forward_for_review", rfis_forward, TOOL_RFI, LEVEL_STANDARD,
	0},
    {"PATCH", P1 "/rfis/{id}/forward_for_review", rfis_forward, TOOL_RFI, LEVEL_STANDARD,
	0},
    {"GET", P0 "/rfis/{rfi_id}/replies", rfis_replies, TOOL_RFI, LEVEL_READ, 0},
    {"POST", P0 "/rfis/{rfi_id}/replies", rfis_reply, TOOL_RFI, LEVEL_STANDARD, 0},
    {"GET", P0 "/rfis/{rfi_id}/replies/{id}", rfis_reply_show, TOOL_RFI, LEVEL_READ, 0},
    {"PATCH", P0 "/rfis/{rfi_id}/replies/{id}", rfis_reply_update, TOOL_RFI, LEVEL_STANDARD,
	0},
    {"DELETE", P0 "/rfis/{rfi_id}/replies/{id}", rfis_reply_delete, TOOL_RFI,
	LEVEL_STANDARD, 0},

    {"GET", P0 "/submittals", submittals_list, TOOL_SUBMITTAL, LEVEL_READ, 0},
    {"GET", P1 "/submittals", submittals_list, TOOL_SUBMITTAL, LEVEL_READ, 0},
    {"POST", P0 "/submittals", submittals_create, TOOL_SUBMITTAL, LEVEL_ADMIN, 0},
    {"POST", P1 "/submittals", submittals_create, TOOL_SUBMITTAL, LEVEL_ADMIN, 0},
    {"GET", P0 "/submittals/recycle_bin", submittals_bin, TOOL_SUBMITTAL, LEVEL_READ, 0},
    {"GET", P1 "/submittals/recycle_bin", submittals_bin, TOOL_SUBMITTAL, LEVEL_READ, 0},
    {"GET", P0 "/submittals/filter_options/status_id", submittals_options, TOOL_SUBMITTAL,
	LEVEL_READ, 0},
    {"GET", P0 "/submittals/filter_options/type", submittals_options, TOOL_SUBMITTAL,
	LEVEL_READ, 0},
    {"GET", P0 "/submittals/filter_options/ball_in_court_id", submittals_options,
	TOOL_SUBMITTAL, LEVEL_READ, 0},
    {"GET", P0 "/submittals/filter_options/received_from_id", submittals_options,
	TOOL_SUBMITTAL, LEVEL_READ, 0},
    {"GET", P0 "/submittals/filter_options/submittal_manager_id", submittals_options,
	TOOL_SUBMITTAL, LEVEL_READ, 0},
    {"GET", P0 "/submittals/filter_options/specification_section_id", submittals_options,
	TOOL_SUBMITTAL, LEVEL_READ, 0},
    {"GET", P0 "/submittals/{id}", submittals_show, TOOL_SUBMITTAL, LEVEL_READ, 0},
    {"GET", P1 "/submittals/{id}", submittals_show, TOOL_SUBMITTAL, LEVEL_READ, 0},
    {"PATCH", P0 "/submittals/{id}", submittals_update, TOOL_SUBMITTAL, LEVEL_STANDARD, 0},
    {"PATCH", P1 "/submittals/{id}", submittals_update, TOOL_SUBMITTAL, LEVEL_STANDARD, 0},
    {"DELETE", P1 "/submittals/{id}", submittals_delete, TOOL_SUBMITTAL, LEVEL_ADMIN, 0},
    {"GET", P0 "/submittals/{id}/revisions", submittals_revisions, TOOL_SUBMITTAL,
	LEVEL_READ, 0},
    {"GET", P1 "/submittals/{id}/revisions", submittals_revisions, TOOL_SUBMITTAL,
	LEVEL_READ, 0},
    {"GET", P0 "/submittals/{id}/workflow_data", submittals_workflow, TOOL_SUBMITTAL,
	LEVEL_READ, 0},
    {"GET", P1 "/submittals/{id}/workflow_data", submittals_workflow, TOOL_SUBMITTAL,
	LEVEL_READ, 0},
    {"PATCH", P0 "/submittal_logs/{id}/close_and_distribute", submittals_distribute,
	TOOL_SUBMITTAL, LEVEL_STANDARD, 0},
    {"PATCH", "/rest/v1.0/submittal_approvers/{id}", approvers_update, TOOL_SUBMITTAL,
	LEVEL_STANDARD, 0},
    {"GET", "/rest/v1.0/submittal_responses", submittals_responses, TOOL_SUBMITTAL,
	LEVEL_READ, 0},
    {"GET", P0 "/submittal_responses", submittals_responses, TOOL_SUBMITTAL, LEVEL_READ, 0},
    {"GET", "/rest/v1.0/submittal_associated_attachments", submittals_attachments,
	TOOL_SUBMITTAL, LEVEL_READ, 0},

    {"POST", P1 "/uploads", uploads_create, TOOL_NONE, LEVEL_NONE, 0},
    {"GET", P1 "/uploads/{uuid}", uploads_show, TOOL_NONE, LEVEL_NONE, 0},
    {"PATCH", P1 "/uploads/{uuid}", uploads_finish, TOOL_NONE, LEVEL_NONE, 0},
    {"POST", "/rest/v1.1/companies/{company_id}/uploads", uploads_create, TOOL_NONE,
	LEVEL_NONE, 0},
    {"GET", "/rest/v1.1/companies/{company_id}/uploads/{uuid}", uploads_show, TOOL_NONE,
	LEVEL_NONE, 0},
    {"PATCH", "/rest/v1.1/companies/{company_id}/uploads/{uuid}", uploads_finish, TOOL_NONE,
	LEVEL_NONE, 0},

    {"GET", W1 "/hooks", hooks_list, TOOL_NONE, LEVEL_NONE, 0},
    {"POST", W1 "/hooks", hooks_create, TOOL_NONE, LEVEL_NONE, 0},
    {"PATCH", W1 "/hooks/{id}", hooks_update, TOOL_NONE, LEVEL_NONE, 0},
    {"DELETE", W1 "/hooks/{id}", hooks_delete, TOOL_NONE, LEVEL_NONE, 0},
    {"GET", W1 "/hooks/{hook_id}/deliveries", hooks_deliveries, TOOL_NONE, LEVEL_NONE, 0},
    {"GET", W1 "/hooks/{hook_id}/triggers", hooks_triggers, TOOL_NONE, LEVEL_NONE, 0},
    {"POST", W1 "/hooks/{hook_id}/triggers", hooks_trigger_create, TOOL_NONE, LEVEL_NONE,
	0},
    {"DELETE", W1 "/hooks/{hook_id}/triggers/{id}", hooks_trigger_delete, TOOL_NONE,
	LEVEL_NONE, 0},
    {"GET", W1 "/resources", hooks_resources, TOOL_NONE, LEVEL_NONE, 0},
    {"GET", W2C "/hooks", hooks_list, TOOL_NONE, LEVEL_NONE, 0},
    {"POST", W2C "/hooks", hooks_create, TOOL_NONE, LEVEL_NONE, 0},
    {"GET", W2C "/hooks/{id}", hooks_show, TOOL_NONE, LEVEL_NONE, 0},
    {"PATCH", W2C "/hooks/{id}", hooks_update, TOOL_NONE, LEVEL_NONE, 0},
    {"DELETE", W2C "/hooks/{id}", hooks_delete, TOOL_NONE, LEVEL_NONE, 0},
    {"GET", W2C "/hooks/{hook_id}/triggers", hooks_triggers, TOOL_NONE, LEVEL_NONE, 0},
    {"POST", W2C "/hooks/{hook_id}/triggers", hooks_trigger_create, TOOL_NONE, LEVEL_NONE,
	0},
    {"DELETE", W2C "/hooks/{hook_id}/triggers/{id}", hooks_trigger_delete, TOOL_NONE,
	LEVEL_NONE, 0},
    {"GET", W2C "/hooks/{hook_id}/deliveries", hooks_deliveries, TOOL_NONE, LEVEL_NONE, 0},
    {"GET", W2C "/resources", hooks_resources, TOOL_NONE, LEVEL_NONE, 0},
    {"GET", W2P "/hooks", hooks_list, TOOL_NONE, LEVEL_NONE, 0},
    {"POST", W2P "/hooks", hooks_create, TOOL_NONE, LEVEL_NONE, 0},
    {"GET", W2P "/hooks/{id}", hooks_show, TOOL_NONE, LEVEL_NONE, 0},
    {"PATCH", W2P "/hooks/{id}", hooks_update, TOOL_NONE, LEVEL_NONE, 0},
    {"DELETE", W2P "/hooks/{id}", hooks_delete, TOOL_NONE, LEVEL_NONE, 0},
    {"GET", W2P "/hooks/{hook_id}/triggers", hooks_triggers, TOOL_NONE, LEVEL_NONE, 0},
    {"POST", W2P "/hooks/{hook_id}/triggers", hooks_trigger_create, TOOL_NONE, LEVEL_NONE,
	0},
    {"DELETE", W2P "/hooks/{hook_id}/triggers/{id}", hooks_trigger_delete, TOOL_NONE,
	LEVEL_NONE, 0},
    {"GET", W2P "/hooks/{hook_id}/deliveries", hooks_deliveries, TOOL_NONE, LEVEL_NONE, 0},
    {"GET", W2P "/resources", hooks_resources, TOOL_NONE, LEVEL_NONE, 0},
    {NULL, NULL, NULL, TOOL_NONE, LEVEL_NONE, 0},
};

/* Pages for people, storage links and the control API: no part of Procore's API. */
const struct sim_route routes_web[] = {
    {"POST", "/oauth/authorize", signin_decide, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"POST", "/oauth/token/", oauth_token, TOOL_NONE, LEVEL_NONE, SIM_OPEN},
    {"GET", "/login", signin_page, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"POST", "/login", signin_post, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"GET", "/sign_out", signin_out, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"POST", "/sign_out", signin_out, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"GET", "/logout", signin_out, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"GET", "/sso/ticket", signin_ticket, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"GET", "/api/v5/files/us-east-1/pro-core.com/companies/{company}/{uuid}", files_open,
	TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"GET", "/", pages_home, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"GET", "/connected_apps", pages_apps, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"POST", "/connected_apps", pages_apps_revoke, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"GET", "/app_management", pages_admin_apps, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"POST", "/app_management", pages_admin_apps_set, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"GET", "/{project}/project/home", pages_project, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"GET", "/{project}/project/rfi/show/{id}", pages_rfi, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"GET", "/{project}/project/submittal_logs/{id}", pages_submittal, TOOL_NONE,
	LEVEL_NONE, SIM_WEB},
    {"POST", "/{project}/project/act", pages_act, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"GET", "/assets/procore.css", pages_css, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"GET", "/_control", control_page, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"GET", "/_control/state", control_state, TOOL_NONE, LEVEL_NONE, SIM_OPEN},
    {"POST", "/_control/{verb}", control_post, TOOL_NONE, LEVEL_NONE, SIM_OPEN},
    {NULL, NULL, NULL, TOOL_NONE, LEVEL_NONE, 0},
};

const struct sim_route routes_files[] = {
    {"GET", "/o/{uuid}", files_download, TOOL_NONE, LEVEL_NONE, SIM_OPEN},
    {"POST", "/upload", files_form, TOOL_NONE, LEVEL_NONE, SIM_OPEN},
    {"PUT", "/segment/{uuid}/{n}", files_segment, TOOL_NONE, LEVEL_NONE, SIM_OPEN},
    {NULL, NULL, NULL, TOOL_NONE, LEVEL_NONE, 0},
};

const struct sim_route routes_idp[] = {
    {"GET", "/login", signin_idp_page, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"POST", "/login", signin_idp_post, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {"GET", "/assets/procore.css", pages_css, TOOL_NONE, LEVEL_NONE, SIM_WEB},
    {NULL, NULL, NULL, TOOL_NONE, LEVEL_NONE, 0},
};

/* Compare path with pattern; variables go to vars as texts. */
static bool
fits(const char *pattern, const char *path, struct json *vars)
{
	char name[64], value[256];
	const char *end;
	size_t n;

	while (*pattern != '\0') {
		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		end = strchr(pattern, '}');
		str_cut(name,
		    (size_t)(end - pattern) < sizeof name ? (size_t)(end - pattern)
							  : sizeof name,
		    pattern + 1);
		n = strcspn(path, "/");
		if (n == 0 || n >= sizeof value)
			return false;
		str_cut(value, n + 1, path);
		json_put_str(vars, name, value);
		path += n;
		pattern = end + 1;
	}
	return *path == '\0';
}

const struct sim_route *
routes_find(
    const struct sim_route *table, const char *method, const char *path, struct json *vars)
{
	const char *key;

	for (; table->method != NULL; table++) {
		while ((key = json_key(json_first(vars))) != NULL)
			json_remove(vars, key);
		if (str_eq(table->method, method) && fits(table->path, path, vars))
			return table;
	}
	return NULL;
}

void
routes_print(void)
{
	for (const struct sim_route *r = routes_rest; r->method != NULL; r++)
		(void)printf("%s %s\n", r->method, r->path);
}
